/** The part of the panel that says how this viewer's pictures come: three figures for everybody, the rest for who asks. */

import { ageText } from "../model/figures.js";
import { STAGES, UNKNOWN, details, msText, sumText } from "../model/latency.js";
import { find, setAttribute, setHidden, setText } from "./elements.js";

/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("../types.js").StreamInfo} StreamInfo */

const CALM_MS = 950; // numbers that change faster cannot be read

export class RightNow {
  #details = /** @type {HTMLDetailsElement} */ (find("#details"));
  #bar = find("#split-bar");
  #hint = find("#split-hint");
  #fps = find("#now-fps");
  #age = find("#now-age");
  #quality = find("#now-quality");
  #sum;
  #stages;
  #texts;
  #last = () => {};
  #id = "";
  #shownMs = 0;

  constructor() {
    this.#stages = STAGES.map((stage) => ({ ...stage, ...this.#stage(stage) }));
    this.#sum = row(find("#split"), "Together", "", "sum");
    this.#texts = details(undefined, undefined).map(({ title }) => row(find("#numbers"), title));
    this.#details.addEventListener("toggle", () => this.#last());
  }

  /**
   * @param {string} id
   * @param {Figures | null} figures null: there is no picture of the camera
   * @param {StreamInfo | undefined} info undefined: the box does not say
   */
  show(id, figures, info) {
    this.#last = () => this.#showDetails(figures, info);
    const nowMs = performance.now();
    if (id === this.#id && nowMs - this.#shownMs < CALM_MS) return;
    this.#id = id;
    this.#shownMs = nowMs;
    setText(this.#fps, figures ? `${Math.round(figures.fps)} fps` : UNKNOWN);
    setText(this.#age, figures && figures.ageMs !== null ? ageText(figures.ageMs) : UNKNOWN);
    setText(this.#quality, figures ? `${figures.height}p` : UNKNOWN);
    if (this.#details.open) this.#last();
  }

  /**
   * @param {Figures | null} figures
   * @param {StreamInfo | undefined} info
   */
  #showDetails(figures, info) {
    const stages = figures ? info?.numbers?.stages : null;
    for (const { key, title, segment, text } of this.#stages) {
      const ms = stages?.[key] ?? null;
      setText(text, msText(ms));
      setHidden(segment, ms === null);
      segment.style.flexGrow = String(ms ?? 0);
      setAttribute(segment, "title", `${title}: ${msText(ms)}`);
    }
    this.#bar.classList.toggle("bare", STAGES.every(({ key }) => (stages?.[key] ?? null) === null));
    setText(this.#sum, sumText(stages));
    setText(this.#hint, figures && figures.transport !== "ws" ? "The box measures this only where pictures come by WebSocket." : "");
    details(figures ?? undefined, info).forEach(({ text }, index) => setText(this.#texts[index], text));
  }

  /** @param {import("../model/latency.js").StageWords} stage */
  #stage({ key, title, about }) {
    const segment = document.createElement("span");
    segment.dataset.stage = key;
    this.#bar.append(segment);
    return { segment, text: row(find("#split"), title, about, key) };
  }
}

/**
 * @param {HTMLElement} list a `<dl>`
 * @param {string} title
 * @param {string} [about]
 * @param {string} [stage]
 * @returns {HTMLElement} where its value goes
 */
function row(list, title, about = "", stage = "") {
  const line = document.createElement("div");
  const term = document.createElement("dt");
  const value = document.createElement("dd");
  if (stage) line.dataset.stage = stage;
  term.textContent = title;
  value.textContent = UNKNOWN;
  if (about) term.append(" ", Object.assign(document.createElement("span"), { className: "about", textContent: about }));
  line.append(term, value);
  list.append(line);
  return value;
}
