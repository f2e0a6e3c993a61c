/**
 * The streams as far as this page knows them: the list it fetches, and what the box says about a stream in between.
 * Pure: the caller brings the time.
 */

import { dated } from "./mending.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").StreamInfo} StreamInfo */

export class Roster {
  /** @type {Map<string, Stream>} */
  #streams = new Map();
  /** @type {Map<string, {atMs: number, info: StreamInfo}>} */
  #told = new Map();
  /** @type {{atMs: number, stream: Stream} | null} */
  #added = null;

  /** @returns {Stream[]} in the box's order */
  get streams() {
    return [...this.#streams.values()];
  }

  /** @param {string} id */
  get(id) {
    return this.#streams.get(id);
  }

  /**
   * @param {Stream[]} streams
   * @param {number} askedMs when the list was asked for: news told since then is newer
   */
  listed(streams, askedMs) {
    const before = this.#streams;
    this.#streams = new Map(
      streams.map((stream) => [stream.id, { ...stream, recovery: dated(stream.recovery, askedMs, before.get(stream.id)?.recovery) }]),
    );
    if (this.#added && this.#added.atMs >= askedMs) this.#insert(this.#added.stream);
    for (const [id, { atMs, info }] of this.#told) {
      if (!this.#streams.has(id)) this.#told.delete(id);
      else if (atMs >= askedMs) this.#merge(info, atMs);
    }
  }

  /**
   * The box made it for us just now; a list that was on its way does not have it yet.
   * @param {Stream} stream
   * @param {number} nowMs
   */
  added(stream, nowMs) {
    this.#added = { atMs: nowMs, stream };
    this.#insert(stream);
  }

  /**
   * It comes every second with new numbers; that is news for few.
   * @param {StreamInfo} info
   * @param {number} nowMs
   * @returns {boolean} the stream itself changed
   */
  told(info, nowMs) {
    this.#told.set(info.stream_id, { atMs: nowMs, info });
    return this.#merge(info, nowMs);
  }

  /**
   * What the box told this viewer last: its own preset, size, rate and numbers.
   * @param {string} id
   * @returns {StreamInfo | undefined}
   */
  infoOf(id) {
    return this.#told.get(id)?.info;
  }

  /** @param {Stream} stream */
  #insert(stream) {
    if (!this.#streams.has(stream.id)) this.#streams.set(stream.id, stream);
  }

  /**
   * Its `preset` and `fps` are this viewer's, so they do not belong to the stream.
   * @param {StreamInfo} info
   * @param {number} atMs
   */
  #merge({ stream_id, name, status, reason, running, presets, jpeg_quality, viewers, recovery: told }, atMs) {
    const stream = this.#streams.get(stream_id);
    if (!stream) return false;
    const recovery = dated(told, atMs, stream.recovery);
    const merged = { ...stream, name, status, reason, running, presets, jpeg_quality, viewers, recovery };
    if (JSON.stringify(merged) === JSON.stringify(stream)) return false;
    this.#streams.set(stream_id, merged);
    return true;
  }
}
