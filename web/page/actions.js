/** What people do to streams. Each ends in a change at the box or a short message why not. */

import { picturePath } from "../model/links.js";
import { Refused, Unreachable, api, fetchPicture } from "./api.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Choice} Choice */

export class Actions {
  #say;
  #changed;

  /**
   * @param {(text: string) => void} say
   * @param {() => void} changed the list should be fetched again
   */
  constructor(say, changed) {
    this.#say = say;
    this.#changed = changed;
  }

  /** @param {Stream} stream */
  toggle({ id, running }) {
    return this.#try(() => (running ? api.stop(id) : api.start({ id })));
  }

  /** @param {string} id */
  remove(id) {
    return this.#try(() => api.remove(id));
  }

  /**
   * @param {string} id
   * @param {number | null} jpegQuality
   * @param {boolean} keep
   */
  setQuality(id, jpegQuality, keep) {
    return this.#try(async () => this.told(await api.change(id, { jpeg_quality: jpegQuality, ...(keep && { keep }) })));
  }

  /**
   * What is set on it now, and itself, outlive a restart.
   * @param {string} id
   */
  keep(id) {
    return this.#try(async () => this.told(await api.change(id, { keep: true })));
  }

  /**
   * @param {Stream} answer to who wished that something lasts
   */
  told({ why_not_kept: why }) {
    if (why) this.#say(`This is in force, but only until the box restarts: ${why}`);
  }

  /**
   * @param {string} id
   * @param {Choice} choice
   */
  saveSnapshot(id, choice) {
    return this.#try(async () => {
      const url = URL.createObjectURL(await fetchPicture(picturePath(id, "snapshot.jpg", choice)));
      const link = Object.assign(document.createElement("a"), { href: url, download: `${id}-${stamp(new Date())}.jpg` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000); // not at once: the browser still reads it
    });
  }

  /** @param {() => Promise<unknown>} act */
  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.#say(error.message);
    }
    this.#changed();
  }
}

/**
 * @param {Date} date
 * @returns {string} local time, in a shape every file system takes: 2026-05-04-09-30-12
 */
function stamp(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())];
  return [...day, two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join("-");
}
