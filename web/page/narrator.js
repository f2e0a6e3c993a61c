/** What a tile says, and what of it is said aloud. */

import { Hint, slowWords, wishOf } from "../model/auto.js";
import { Announcer } from "../model/announcer.js";
import { noteOf } from "../model/figures.js";
import { mendingWords } from "../model/mending.js";
import { badge } from "../model/state.js";

/** @typedef {import("../model/state.js").Badge} Badge */

/**
 * @typedef {object} Known  what is known of one stream
 * @property {import("../types.js").Stream} stream
 * @property {import("../types.js").Figures | undefined} figures
 * @property {import("../types.js").StreamInfo | undefined} info  what the box says of it now, where it says something
 * @property {import("../types.js").Choice} choice
 * @property {import("../types.js").Preset | null} best  the most this viewer can get
 * @property {boolean} watching
 *
 * @typedef {object} Words
 * @property {Badge} badge
 * @property {string} note  the line under the name
 * @property {string} slow  what there is less of, and why; empty: nothing
 */

export class Narrator {
  #announcer = new Announcer();
  /** @type {Map<string, Hint>} */
  #hints = new Map();
  #say;

  /** @param {(text: string) => void} say */
  constructor(say) {
    this.#say = say;
  }

  /**
   * @param {Known} known
   * @param {number} nowMs
   * @returns {Words}
   */
  words({ stream, figures, info, choice, best, watching }, nowMs) {
    const { running, status, reason, id } = stream;
    const { connection = "connecting", placeholder = false, ageMs = null, intervalMs = 0 } = figures ?? {};
    const mending = mendingWords(stream.recovery, nowMs);
    const shown = badge({ watching, connection, running, status, reason, mending, placeholder, ageMs, intervalMs });
    const wish = wishOf(choice);
    const flows = shown.state === "LIVE" || shown.state === "DELAYED";
    const slow = this.#hint(id).next(flows ? slowWords(info, stream, best, wish.fps) : "", nowMs);
    this.#announce(stream.name || id, id, shown, flows ? slow : null, nowMs);
    return { badge: shown, note: noteOf(shown, reason, figures, wish.preset), slow };
  }

  /** @param {string} id */
  #hint(id) {
    const hint = this.#hints.get(id) ?? new Hint();
    this.#hints.set(id, hint);
    return hint;
  }

  /**
   * That the quality follows is news when it begins and when it ends, not at each step.
   * @param {string} name
   * @param {string} id
   * @param {Badge} badge
   * @param {string | null} slow null: nothing can be said about it now
   * @param {number} nowMs
   */
  #announce(name, id, { state, label, detail }, slow, nowMs) {
    const quality = slow === null ? "PAUSED" : slow ? "SLOW" : "LIVE";
    const news = [
      this.#announcer.isNews(id, state, nowMs) && [label, detail].filter(Boolean).join(", "),
      this.#announcer.isNews(`${id} quality`, quality, nowMs) && (slow || "Full quality again"),
    ].filter(Boolean);
    if (news.length > 0) this.#say(`${name}: ${news.join(". ")}`);
  }
}
