/**
 * The player: commands in, pictures on canvases, reports out. It runs in a worker so that a busy page never delays a picture,
 * and on the page itself where a browser has no OffscreenCanvas; it cannot tell the difference.
 */

import { socketUrl } from "../model/links.js";
import { Transports } from "../model/transports.js";
import { FrameError, ackOf } from "../model/wire.js";
import { Attempts } from "./attempts.js";
import { mjpeg, snapshotEveryMs, snapshots } from "./http_pictures.js";
import { Joins } from "./joins.js";
import { Link } from "./link.js";
import { Screen } from "./screen.js";

/** @typedef {import("../types.js").Command} Command */
/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("../types.js").Report} Report */
/** @typedef {import("../types.js").Time} Time */
/** @typedef {import("../types.js").Transport} Transport */
/** @typedef {import("../types.js").Wish} Wish */

/**
 * @typedef {object} Viewing
 * @property {Screen} screen
 * @property {Wish | null} wish  null: not watched now
 * @property {Transport} transport
 * @property {Attempts | null} attempts  over HTTP; null: by WebSocket or not at all
 */

const TICK_MS = 250;
const REST_AFTER_MS = 10_000;

export class Engine {
  #time;
  #report;
  #transports;
  #link;
  #joins;
  #busyMs;
  /** @type {Map<string, Viewing>} as many as the page has tiles */
  #viewings = new Map();

  /**
   * @param {Transport | null} forced
   * @param {Time} time
   * @param {(report: Report) => void} report
   */
  constructor(forced, time, report) {
    this.#time = time;
    this.#report = report;
    this.#busyMs = time.nowMs();
    this.#transports = new Transports(forced);
    this.#link = new Link(() => new WebSocket(socketUrl(self.location, "/ws")), time, {
      opened: () => this.#joins.joinAll(),
      told: (type, data) => this.#told(type, data),
      frame: (message) => this.#frame(message),
      proven: () => this.#transports.linkOpened(),
      failed: () => void this.#linkFailed(),
    });
    this.#joins = new Joins((type, data) => this.#link.send(type, data), time.nowMs);
    this.#tick();
  }

  /** @param {Command} command */
  handle(command) {
    if (command.type === "add") this.#add(command.id, command.canvas);
    else if (command.type === "remove") this.#remove(command.id);
    else if (command.type === "watch") this.#watch(command.id, command.wish);
    else if (command.type === "unwatch") this.#watch(command.id, null);
    else this.#wake();
  }

  /**
   * @param {string} id
   * @param {OffscreenCanvas | HTMLCanvasElement} canvas
   */
  #add(id, canvas) {
    const screen = new Screen(canvas, this.#time.nowMs);
    this.#viewings.set(id, { screen, wish: null, transport: "ws", attempts: null });
  }

  /** @param {string} id */
  #remove(id) {
    this.#joins.forget(id);
    this.#watch(id, null);
    this.#viewings.delete(id);
  }

  /**
   * @param {string} id
   * @param {Wish | null} wish
   */
  #watch(id, wish) {
    const viewing = this.#viewings.get(id);
    if (!viewing) return;
    const before = viewing.wish;
    viewing.wish = wish;
    if (before && wish && viewing.transport === "ws" && this.#transport(wish) === "ws") this.#joins.change(id, wish);
    else this.#begin(id, viewing);
  }

  /**
   * Ends the present way and begins the one that is right now.
   * @param {string} id
   * @param {Viewing} viewing
   */
  #begin(id, viewing) {
    this.#joins.leave(id);
    viewing.attempts?.stop();
    viewing.attempts = null;
    if (!viewing.wish) return;
    if (this.#transports.knocks) this.#link.start();
    viewing.transport = this.#transport(viewing.wish);
    if (viewing.transport === "ws") this.#joins.join(id, viewing.wish);
    else viewing.attempts = this.#attempts(id, viewing.screen, viewing.wish, viewing.transport);
  }

  /**
   * @param {string} id
   * @param {Screen} screen
   * @param {Wish} wish
   * @param {Transport} transport
   */
  #attempts(id, screen, wish, transport) {
    const offer = (/** @type {import("../types.js").Picture} */ picture) => screen.offer(picture);
    const giveUp = () => this.#transports.mjpegFailed(this.#time.nowMs());
    const attempt =
      transport === "mjpeg" ? mjpeg(id, wish, this.#time, offer, giveUp) : snapshots(id, wish, this.#time, offer);
    return new Attempts(attempt, this.#time);
  }

  #wake() {
    if (this.#transports.knocks && this.#watched()) this.#link.wake();
  }

  #watched() {
    return [...this.#viewings.values()].some((viewing) => viewing.wish);
  }

  /** @param {Wish} wish */
  #transport(wish) {
    return this.#transports.transport(wish.large, this.#time.nowMs());
  }

  /**
   * @param {string} type
   * @param {any} data
   */
  #told(type, data) {
    if (type === "stream_info") {
      this.#joins.told(data);
      this.#report({ type: "info", info: data });
    } else if (type === "error") this.#report({ type: "refused", code: data.code, message: data.message });
  }

  /** @param {ArrayBuffer} bytes */
  #frame(bytes) {
    const found = this.#owner(bytes);
    if (!found) return;
    const arrivedMs = this.#time.nowMs();
    const { number, lost, payload, placeholder, capturedUs } = found.message;
    const capturedLocalMs = this.#link.clock.toLocalMs(capturedUs / 1000);
    const drawn = (/** @type {boolean} */ shown) =>
      this.#link.send("ack", ackOf(found.id, number, shown && found.measured ? this.#time.nowMs() - arrivedMs : null));
    this.#viewings.get(found.id)?.screen.offer({ payload, placeholder, lost, capturedLocalMs, drawn });
  }

  /** @param {ArrayBuffer} bytes */
  #owner(bytes) {
    try {
      return this.#joins.frame(bytes);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#report({ type: "refused", code: "unknown_frame", message: `This page is older than the box: ${error.message}` });
      return null;
    }
  }

  async #linkFailed() {
    const answer = await fetch("/api/streams", { cache: "no-store" }).catch(() => null);
    this.#transports.linkFailed(answer !== null && answer.ok);
  }

  #tick() {
    const nowMs = this.#time.nowMs();
    if (this.#watched()) this.#busyMs = nowMs;
    else if (nowMs - this.#busyMs > REST_AFTER_MS) this.#link.rest();
    this.#link.tick();
    if (this.#link.connection === "open") this.#joins.tick();
    for (const [id, viewing] of this.#viewings) {
      viewing.attempts?.tick();
      if (viewing.wish && viewing.transport !== this.#transport(viewing.wish)) this.#begin(id, viewing);
    }
    this.#reportFigures();
    this.#time.after(TICK_MS, () => this.#tick());
  }

  #reportFigures() {
    /** @type {Record<string, Figures>} */
    const streams = {};
    for (const [id, viewing] of this.#viewings) streams[id] = this.#figures(id, viewing);
    this.#report({ type: "figures", connection: this.#link.connection, streams });
  }

  /**
   * @param {string} id
   * @param {Viewing} viewing
   * @returns {Figures}
   */
  #figures(id, { screen, transport, attempts, wish }) {
    const connection = attempts ? attempts.connection : this.#link.connection;
    const intervalMs = transport === "snapshot" ? snapshotEveryMs(wish) : this.#joins.intervalMs(id);
    return { transport, connection, intervalMs, ...screen.figures() };
  }
}

/** @type {Time} */
export const realTime = {
  nowMs: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
