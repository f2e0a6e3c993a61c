/** One stream on the page: its canvas, badge, words and buttons. Shows what it is told; decides nothing. */

import { ageText, figuresLine, presetTitle } from "../model/figures.js";
import { isStopped, sentence } from "../model/state.js";
import { copyOf, find, setAttribute, setText } from "./elements.js";
import { drawIcons, setIcon } from "./icons.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("../model/state.js").Badge} Badge */
/** @typedef {"open" | "toggle" | "snapshot" | "info" | "settings" | "fullscreen"} TileAction */

export class Tile {
  element = copyOf("tile");
  canvas = /** @type {HTMLCanvasElement} */ (find("canvas", this.element));
  screen = find(".screen", this.element);
  cover = /** @type {HTMLButtonElement} */ (find(".cover", this.element));
  /** Is any of it in the window? The stage keeps this up to date. */
  onScreen = false;
  #toggle = find("[data-action=toggle]", this.element);
  #settings = find("[data-action=settings]", this.element);
  #figures = find(".figures", this.element);

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
    this.cover.addEventListener("dblclick", () => act("fullscreen", id));
  }

  /**
   * @param {Stream} stream
   * @param {Badge} badge
   * @param {Figures | undefined} figures
   */
  update(stream, badge, figures) {
    setAttribute(this.element, "data-state", badge.state);
    setText(find("h2", this.element), stream.name || stream.id);
    setText(find(".note", this.element), note(stream));
    setAttribute(find(".note", this.element), "title", note(stream)); // a small tile cuts it off
    setAttribute(this.cover, "aria-label", `Show ${stream.name || stream.id} large`);
    this.#shape(stream, figures);
    this.#words(badge, figures);
    this.#buttons(stream);
    if (figures) this.#numbers(figures);
  }

  /**
   * @param {boolean} single
   * @param {boolean} info
   * @param {boolean} settings
   */
  arrange(single, info, settings) {
    this.#figures.hidden = !(single && info);
    setAttribute(find("[data-action=info]", this.element), "aria-pressed", String(info));
    setAttribute(this.#settings, "aria-expanded", String(single && settings));
    setAttribute(this.cover, "tabindex", single ? "-1" : "0");
  }

  /**
   * The camera's shape keeps the place before the first picture, the picture's shape is the truth after it.
   * @param {Stream} stream
   * @param {Figures | undefined} figures
   */
  #shape({ width, height }, figures) {
    const drawn = figures && figures.framesDrawn > 0 && !figures.placeholder ? figures : null;
    const ratio = drawn ? drawn.width / drawn.height : width > 0 && height > 0 ? width / height : 16 / 9;
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

  /** @param {Stream} stream */
  #buttons(stream) {
    const stopped = stream.status === "offline" && isStopped(stream.reason);
    // Stopping a stream that somebody added removes it, so that is offered as Remove, in the settings.
    this.#toggle.hidden = stream.removable && !stopped;
    setIcon(find("[data-icon]", this.#toggle), stopped ? "play" : "stop");
    setText(find(".words", this.#toggle), stopped ? "Start" : "Stop");
    setAttribute(this.#toggle, "title", stopped ? "Start for everyone" : "Stop for everyone");
    setAttribute(this.#toggle, "aria-label", `${stopped ? "Start" : "Stop"} ${stream.name || stream.id}`);
    setAttribute(this.#settings, "aria-label", `Settings of ${stream.name || stream.id}`);
  }

  /** @param {Figures} figures */
  #numbers(figures) {
    const { dataset } = this.element;
    dataset.framesDrawn = String(figures.framesDrawn);
    dataset.transport = figures.transport;
    dataset.shows = figures.framesDrawn === 0 ? "nothing" : figures.placeholder ? "placeholder" : "picture";
    dataset.ageMs = figures.ageMs === null ? "" : String(Math.round(figures.ageMs));
    if (this.#figures.hidden) return;
    const words = figuresLine(figures);
    while (this.#figures.childElementCount < words.length) this.#figures.append(document.createElement("li"));
    words.forEach((text, index) => setText(this.#figures.children[index], text));
  }
}

/** @param {Stream} stream */
function note({ reason, width, height, preset }) {
  if (reason && !isStopped(reason)) return sentence(reason);
  return width > 0 ? `${width} × ${height} · ${presetTitle(preset)}` : presetTitle(preset);
}
