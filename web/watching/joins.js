/** Which streams the link carries: joins them, joins them again after a reconnect, and tells whose a frame is. */

import { Watchdog } from "../model/watchdog.js";
import { parseFrame } from "../model/wire.js";

/** @typedef {import("../types.js").Wish} Wish */
/** @typedef {import("../types.js").StreamInfo} StreamInfo */
/** @typedef {{wish: Wish, slot: number | null, fps: number, running: boolean, measured: boolean, silence: Watchdog}} Join */

const SILENCE_MS = 3000;

export class Joins {
  #send;
  #nowMs;
  /** @type {Map<string, Join>} as many as there are tiles on screen */
  #joined = new Map();

  /**
   * @param {(type: string, data: object) => void} send
   * @param {() => number} nowMs
   */
  constructor(send, nowMs) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  /**
   * @param {string} id
   * @param {Wish} wish
   */
  join(id, wish) {
    const silence = new Watchdog({ strictMs: SILENCE_MS, nowMs: this.#nowMs() });
    this.#joined.set(id, { wish, slot: null, fps: 0, running: true, measured: false, silence });
    this.#send("join_stream", said(id, wish));
  }

  /**
   * @param {string} id
   * @param {Wish} wish
   */
  change(id, wish) {
    const join = this.#joined.get(id);
    if (!join) return;
    const same = join.wish.preset === wish.preset && join.wish.fps === wish.fps;
    join.wish = wish;
    if (!same) this.#send("set_preset", said(id, wish));
  }

  /** @param {string} id */
  leave(id) {
    if (this.#joined.delete(id)) this.#send("leave_stream", { stream_id: id });
  }

  /**
   * The stream is no more, and the box has left it already.
   * @param {string} id
   */
  forget(id) {
    this.#joined.delete(id);
  }

  /** The link is new: nothing is joined on it yet. */
  joinAll() {
    for (const [id, { wish }] of this.#joined) this.join(id, wish);
  }

  /** @param {StreamInfo} info */
  told(info) {
    const join = this.#joined.get(info.stream_id);
    if (!join) return;
    for (const other of this.#joined.values()) if (other.slot === info.slot) other.slot = null; // slots are used again
    join.slot = info.slot;
    join.fps = info.fps;
    join.running = info.running;
    join.measured = info.numbers !== undefined;
  }

  /**
   * @param {ArrayBuffer} bytes
   * @returns {{id: string, message: import("../model/wire.js").FrameMessage, measured: boolean} | null} `measured`: the box wants to know
   *   how long drawing takes; one from before it did refuses to be told. null: of a stream left a moment ago
   */
  frame(bytes) {
    const message = parseFrame(bytes);
    for (const [id, join] of this.#joined) {
      if (join.slot !== message.slot) continue;
      join.silence.heard(this.#nowMs());
      return { id, message, measured: join.measured };
    }
    return null;
  }

  /** @param {string} id */
  intervalMs(id) {
    const fps = this.#joined.get(id)?.fps ?? 0;
    return fps > 0 ? 1000 / fps : 0;
  }

  /** A running stream says something every second, if only a placeholder. One that does not is joined anew. */
  tick() {
    const nowMs = this.#nowMs();
    for (const [id, join] of this.#joined) {
      if (!join.running) join.silence.heard(nowMs);
      if (!join.silence.bites(nowMs)) continue;
      join.slot = null;
      this.#send("leave_stream", { stream_id: id });
      this.#send("join_stream", said(id, join.wish));
    }
  }
}

/**
 * Left out means "the stream's own".
 * @param {string} id
 * @param {Wish} wish
 */
function said(id, { preset, fps }) {
  return { stream_id: id, ...(preset !== null && { preset }), ...(fps !== null && { fps }) };
}
