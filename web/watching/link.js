/**
 * The one WebSocket of the page: opens it, keeps it alive, notices when it died, opens it again.
 * Knows pings and clocks, nothing about streams.
 */

import { Backoff } from "../model/backoff.js";
import { BoxClock } from "../model/clock.js";
import { Watchdog } from "../model/watchdog.js";

/** @typedef {import("../types.js").Connection} Connection */
/** @typedef {import("../types.js").Time} Time */

/**
 * @typedef {object} LinkEvents
 * @property {() => void} opened
 * @property {(type: string, data: any) => void} told
 * @property {(message: ArrayBuffer) => void} frame
 * @property {() => void} proven  the first answer came
 * @property {() => void} failed  it closed without ever answering
 */

const SILENCE_MS = 3000;
const OPENING_MS = 8000;
const PING_EVERY_MS = 2000;

export class Link {
  clock = new BoxClock();
  /** @type {Connection} */
  connection = "connecting";
  #openSocket;
  #time;
  #events;
  #backoff = new Backoff();
  /** @type {WebSocket | null} */
  #socket = null;
  #watchdog;
  #proven = false;
  #pingedMs = -Infinity;
  /** @type {(() => void) | null} cancels the next try; null: none is planned */
  #planned = null;

  /**
   * @param {() => WebSocket} openSocket
   * @param {Time} time
   * @param {LinkEvents} events
   */
  constructor(openSocket, time, events) {
    this.#openSocket = openSocket;
    this.#time = time;
    this.#events = events;
    this.#watchdog = new Watchdog({ strictMs: SILENCE_MS, nowMs: time.nowMs() });
  }

  /** Open it, if it is not open or opening already. */
  start() {
    if (!this.#socket && !this.#planned) this.#connect();
  }

  /** Nobody is watching: let go of the box. */
  rest() {
    this.#planned?.();
    this.#planned = null;
    this.#forget()?.close();
    this.connection = "connecting";
  }

  /** Something changed for the better (network back, page visible): do not wait for the next try. */
  wake() {
    if (this.#planned) {
      this.#backoff.reset();
      this.#planned();
      this.#planned = null;
      this.#connect();
    } else this.#ping();
  }

  /**
   * @param {string} type
   * @param {object} data
   */
  send(type, data) {
    if (this.connection === "open") this.#socket?.send(JSON.stringify({ type, data }));
  }

  /** To be called a few times a second. */
  tick() {
    if (!this.#socket) return;
    const nowMs = this.#time.nowMs();
    if (this.connection === "open" && nowMs - this.#pingedMs >= PING_EVERY_MS) this.#ping();
    if (this.#watchdog.bites(nowMs)) this.#lose();
  }

  #connect() {
    this.connection = "connecting";
    this.#proven = false;
    this.#watchdog.heard(this.#time.nowMs() + OPENING_MS - SILENCE_MS);
    const socket = this.#openSocket();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = () => this.#lose();
  }

  #opened() {
    this.connection = "open";
    this.#watchdog.heard(this.#time.nowMs());
    this.#ping();
    this.#events.opened();
  }

  /** @param {string | ArrayBuffer} data */
  #heard(data) {
    this.#watchdog.heard(this.#time.nowMs());
    if (!this.#proven) this.#prove();
    if (typeof data !== "string") {
      this.#events.frame(data);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "pong") this.#ponged(message.data);
    else this.#events.told(message.type, message.data);
  }

  #prove() {
    this.#proven = true;
    this.#backoff.reset();
    this.#events.proven();
  }

  #ping() {
    this.#pingedMs = this.#time.nowMs();
    this.send("ping", { t: this.#pingedMs });
  }

  /** @param {{t: number, time: number}} pong */
  #ponged({ t, time }) {
    this.clock.learn({ sentMs: t, receivedMs: this.#time.nowMs(), boxMs: time * 1000 });
  }

  /** A socket whose peer is gone can take minutes to close, so it is left behind rather than waited for. */
  #lose() {
    this.#forget()?.close();
    this.connection = "down";
    if (!this.#proven) this.#events.failed();
    this.#planned = this.#time.after(this.#backoff.nextMs(), () => {
      this.#planned = null;
      this.#connect();
    });
  }

  #forget() {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
    return socket;
  }
}
