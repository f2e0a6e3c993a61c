/** One stream on the page: its canvas, badge, words and buttons. Shows what it is told; decides nothing. */

import { ageText, figuresLine, pictureOf } from "../model/figures.js";
import { copyOf, find, setAttribute, setHidden, setText } from "./elements.js";
import { drawIcons, setIcon } from "./icons.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("../model/state.js").Badge} Badge */
/** @typedef {import("./narrator.js").Words} Words */
/** @typedef {"open" | "toggle" | "snapshot" | "info" | "settings" | "fullscreen"} TileAction */

export class Tile {
  element = copyOf("tile");
  canvas = /** @type {HTMLCanvasElement} */ (find("canvas", this.element));
  screen = find(".screen", this.element);
  cover = /** @type {HTMLButtonElement} */ (find(".cover", this.element));
  /** Is any of it in the window? The stage keeps this up to date. */
  onScreen = false;
  #name = find(".name", this.element);
  #toggle = /** @type {HTMLButtonElement} */ (find("[data-action=toggle]", this.element));
  #settings = find("[data-action=settings]", this.element);
  #figures = find(".figures", this.element);
  #slow = find(".slow", this.element);
  #ratio = 0;

  /**
   * @param {string} id
   * @param {(action: TileAction, id: string) => void} act
   */
  constructor(id, act) {
    this.id = id;
    this.element.dataset.streamId = id;
    drawIcons(this.element);
    this.element.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-action]") : null;
      if (button) act(/** @type {TileAction} */ (button.getAttribute("data-action")), id);
    });
    this.screen.addEventListener("dblclick", () => act("fullscreen", id));
    // Without a cover there is still a way out of a picture that fills the window.
    this.screen.addEventListener("click", () => this.cover.hidden && act("open", id));
  }

  /**
   * @param {Stream} stream
   * @param {Words} words
   * @param {Figures | undefined} figures
   * @param {boolean} reachable
   */
  update(stream, { badge, note, slow }, figures, reachable) {
    const name = stream.name || stream.id;
    setAttribute(this.element, "data-state", badge.state);
    setText(this.#name, name);
    setText(find(".note", this.element), note);
    setAttribute(find(".note", this.element), "title", note); // a small tile cuts it off
    setAttribute(this.cover, "aria-label", `Show ${name} large`);
    setAttribute(this.canvas, "aria-label", `Picture of ${name}`);
    this.#shape(stream, figures);
    this.#words(badge, figures);
    setText(this.#slow, slow);
    this.#buttons(stream, reachable);
    if (figures) this.#numbers(figures);
  }

  /**
   * Large, it is what the page is about, and cannot be made larger.
   * @param {boolean} large
   */
  setLarge(large) {
    this.cover.hidden = large;
    const level = large ? "h1" : "h2";
    if (this.#name.localName === level) return;
    const heading = Object.assign(document.createElement(level), { className: "name", tabIndex: -1 });
    heading.textContent = this.#name.textContent;
    this.#name.replaceWith(heading);
    this.#name = heading;
  }

  focusName() {
    this.#name.focus();
  }

  focusSettings() {
    this.#settings.focus();
  }

  /**
   * @param {boolean} single
   * @param {boolean} info
   * @param {boolean} settings
   */
  arrange(single, info, settings) {
    setHidden(this.#figures, !(single && info));
    setAttribute(find("[data-action=info]", this.element), "aria-pressed", String(info));
    setAttribute(this.#settings, "aria-expanded", String(single && settings));
  }

  /**
   * The camera's shape keeps the place before the first picture, the picture's shape is the truth after it.
   * @param {Stream} stream
   * @param {Figures | undefined} figures
   */
  #shape({ width, height }, figures) {
    const drawn = pictureOf(figures);
    const ratio = drawn ? drawn.width / drawn.height : width > 0 && height > 0 ? width / height : 16 / 9;
    if (ratio === this.#ratio) return;
    this.#ratio = ratio;
    this.element.style.setProperty("--ratio", ratio.toFixed(4));
  }

  /**
   * @param {Badge} badge
   * @param {Figures | undefined} figures
   */
  #words({ state, label, detail }, figures) {
    const ageMs = figures?.ageMs ?? null;
    setText(find(".label", this.element), label);
    setText(find(".age", this.element), state === "LIVE" && ageMs !== null ? ageText(ageMs) : "");
    // A placeholder says in the picture why there is none.
    setText(find(".detail", this.element), figures?.placeholder && state !== "RECONNECTING" ? "" : detail);
  }

  /**
   * @param {Stream} stream
   * @param {boolean} reachable
   */
  #buttons(stream, reachable) {
    const stopped = !stream.running;
    this.#toggle.disabled = !reachable;
    // Stopping a stream that somebody added removes it, so that is offered as Remove, in the settings.
    setHidden(this.#toggle, stream.removable && !stopped);
    setIcon(find("[data-icon]", this.#toggle), stopped ? "play" : "stop");
    setText(find(".words", this.#toggle), stopped ? "Start" : "Stop");
    setAttribute(this.#toggle, "title", stopped ? "Start for everyone" : "Stop for everyone");
    setAttribute(this.#toggle, "aria-label", `${stopped ? "Start" : "Stop"} ${stream.name || stream.id}`);
    setAttribute(this.#settings, "aria-label", `Settings of ${stream.name || stream.id}`);
  }

  /** @param {Figures} figures */
  #numbers(figures) {
    setAttribute(this.element, "data-frames-drawn", String(figures.framesDrawn));
    setAttribute(this.element, "data-transport", figures.transport);
    setAttribute(this.element, "data-shows", figures.framesDrawn === 0 ? "nothing" : figures.placeholder ? "placeholder" : "picture");
    setAttribute(this.element, "data-age-ms", figures.ageMs === null ? "" : String(Math.round(figures.ageMs)));
    if (this.#figures.hidden) return;
    const words = figuresLine(figures);
    while (this.#figures.childElementCount < words.length) this.#figures.append(document.createElement("li"));
    words.forEach((text, index) => setText(this.#figures.children[index], text));
  }
}
