/** Short messages under the header. Text only: what the box says is never read as HTML. */

import { copyOf, find } from "./elements.js";
import { drawIcons } from "./icons.js";

const PASSING_MS = 6000;

export class Notices {
  #root;
  #errors;
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** @type {Set<string>} warnings the reader has seen enough of; those the box no longer has are forgotten */
  #dismissed = new Set();
  /** @type {Set<string>} */
  #warnings = new Set();

  /**
   * Two places, since screen readers read a place that was there before its text, and errors at once.
   * @param {HTMLElement} root
   * @param {HTMLElement} errors
   */
  constructor(root, errors) {
    this.#root = root;
    this.#errors = errors;
  }

  /**
   * What the box warns of just now.
   * @param {string[]} warnings
   */
  setWarnings(warnings) {
    const now = new Set(warnings);
    for (const text of this.#warnings) if (!now.has(text)) this.#hide(text);
    for (const text of this.#dismissed) if (!now.has(text)) this.#dismissed.delete(text);
    for (const text of now) if (!this.#dismissed.has(text)) this.#show(text, "warning");
    this.#warnings = now;
  }

  /**
   * Goes by itself.
   * @param {string} text
   */
  pass(text) {
    this.#show(text, "passing");
    setTimeout(() => this.#hide(text), PASSING_MS);
  }

  /**
   * Something did not work. Goes by itself, too.
   * @param {string} text
   */
  fail(text) {
    this.#show(text, "error");
    setTimeout(() => this.#hide(text), PASSING_MS);
  }

  /**
   * @param {string} text
   * @param {"warning" | "passing" | "error"} kind
   */
  #show(text, kind) {
    if (this.#shown.has(text)) return;
    const notice = copyOf("notice");
    notice.dataset.kind = kind;
    drawIcons(notice);
    find("p", notice).textContent = text;
    find("button", notice).addEventListener("click", () => {
      this.#dismissed.add(text);
      this.#hide(text);
    });
    this.#shown.set(text, notice);
    (kind === "error" ? this.#errors : this.#root).append(notice);
  }

  /** @param {string} text */
  #hide(text) {
    this.#shown.get(text)?.remove();
    this.#shown.delete(text);
  }
}
