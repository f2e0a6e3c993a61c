/** What this viewer chose, kept in the browser. Private windows may refuse to keep anything; then it lasts as long as the page. */

/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {{streams: Record<string, Choice>, info: boolean}} Kept */

const KEY = "camera";

export class Choices {
  #storage;
  /** @type {Kept} */
  #kept;

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#kept = read(storage);
  }

  /** Is the line of figures wanted? */
  get info() {
    return this.#kept.info;
  }

  set info(wanted) {
    this.#kept.info = wanted;
    this.#keep();
  }

  /**
   * @param {string} id
   * @param {string[]} presets what there is now: a choice of something gone is no choice
   * @returns {Choice}
   */
  of(id, presets) {
    const { preset = null, fps = null } = this.#kept.streams[id] ?? {};
    return { preset: preset !== null && presets.includes(preset) ? preset : null, fps };
  }

  /**
   * @param {string} id
   * @param {Choice} choice
   */
  choose(id, choice) {
    this.#kept.streams[id] = choice;
    this.#keep();
  }

  #keep() {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      this.#storage = null;
    }
  }
}

/**
 * @param {Pick<Storage, "getItem" | "setItem"> | null} storage
 * @returns {Kept}
 */
function read(storage) {
  try {
    const kept = JSON.parse(storage?.getItem(KEY) ?? "{}");
    return { streams: { ...kept.streams }, info: kept.info === true };
  } catch {
    return { streams: {}, info: false };
  }
}
