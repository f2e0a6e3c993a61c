/** One control of the camera: its name, something to move, its value, its default, and why it cannot be moved. */

import { isOff, scaleOf, valueText, whyNot } from "../model/controls.js";
import { copyOf, find, setAttribute, setHidden, setText } from "./elements.js";
import { drawIcons } from "./icons.js";

/** @typedef {import("../types.js").Control} Control */
/** @typedef {import("../types.js").ControlValue} ControlValue */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLButtonElement} Input */
/** @typedef {(value: ControlValue | null) => void} Wish null: the default */

export class ControlRow {
  root = copyOf("control");
  #input;
  #scale;
  #value = find("output", this.root);
  #why = find(".why", this.root);
  #reset = /** @type {HTMLButtonElement} */ (find(".reset", this.root));

  /**
   * @param {Control} control
   * @param {Wish} wish
   */
  constructor(control, wish) {
    this.#scale = scaleOf(control);
    this.#input = control.read_only ? null : this.#made(control, wish);
    this.root.dataset.id = control.id;
    this.root.dataset.kind = control.read_only ? "told" : control.kind;
    const label = find("label", this.root);
    label.textContent = control.name;
    if (this.#input) this.#place(this.#input, control, label);
    drawIcons(this.root);
    setHidden(this.#reset, control.read_only || control.default === null);
    setAttribute(this.#reset, "aria-label", `Reset ${control.name} to ${valueText(control, control.default)}`);
    setAttribute(this.#reset, "title", `Default: ${valueText(control, control.default)}`);
    this.#reset.addEventListener("click", () => {
      wish(null);
      this.#input?.focus(); // the button is about to go
    });
  }

  /**
   * @param {Control} control as it is, or is about to be
   * @param {Control[]} all
   */
  show(control, all) {
    const why = whyNot(control, all);
    setText(this.#value, control.kind === "button" ? "" : valueText(control, control.value));
    setText(this.#why, why);
    this.root.classList.toggle("held", why !== "");
    const off = isOff(control) && why === "";
    if (this.#reset.disabled === off) this.#reset.disabled = !off;
    if (!this.#input) return;
    if (this.#input.disabled !== (why !== "")) this.#input.disabled = why !== "";
    this.#move(this.#input, control);
  }

  /**
   * Only when it says something else: a slider under somebody's finger, or at a place that is rounded, stays where it is.
   * @param {Input} input
   * @param {Control} control
   */
  #move(input, { kind, value }) {
    if (value === null || kind === "button") return;
    if (kind === "boolean") {
      const box = /** @type {HTMLInputElement} */ (input);
      if (box.checked !== value) box.checked = value === true;
    } else if (kind === "menu") {
      if (input.value !== String(value)) input.value = String(value);
    } else if (this.#scale) {
      if (this.#scale.toValue(Number(input.value)) !== value) input.value = String(this.#scale.toPosition(Number(value)));
    } else if (document.activeElement !== input) input.value = String(value);
    if (this.#scale) setAttribute(input, "aria-valuetext", this.#value.textContent ?? "");
  }

  /**
   * @param {Input} input
   * @param {Control} control
   * @param {HTMLElement} label
   */
  #place(input, control, label) {
    input.id = `control-${control.id}`;
    this.#why.id = `${input.id}-why`;
    input.setAttribute("aria-describedby", this.#why.id);
    label.setAttribute("for", input.id);
    const place = find(".with", this.root);
    place.append(input);
    if (this.#scale && typeof control.default === "number") place.append(mark(this.#scale, control.default));
  }

  /**
   * @param {Control} control
   * @param {Wish} wish
   * @returns {Input}
   */
  #made({ kind, choices, name }, wish) {
    if (kind === "button") return made("button", { type: "button", className: "small", textContent: name }, "click", () => wish(true));
    if (kind === "menu") return menu(choices, wish);
    if (kind === "boolean") {
      const box = made("input", { type: "checkbox", className: "switch" }, "change", () => wish(box.checked));
      box.setAttribute("role", "switch");
      return box;
    }
    const scale = this.#scale;
    if (!scale) {
      const field = made("input", { type: "number", step: "any" }, "change", () => wish(field.valueAsNumber));
      return field;
    }
    const { min, max, step } = scale;
    const slider = made("input", { type: "range", min, max, step }, "input", () => wish(scale.toValue(Number(slider.value))));
    return slider;
  }
}

/**
 * @param {{value: number, label: string}[]} choices
 * @param {Wish} wish
 */
function menu(choices, wish) {
  const list = made("select", {}, "change", () => wish(Number(list.value)));
  list.append(...choices.map(({ value, label }) => new Option(label, String(value))));
  return list;
}

/**
 * @template {"input" | "select" | "button"} Tag
 * @param {Tag} tag
 * @param {object} properties
 * @param {string} event
 * @param {() => void} act
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function made(tag, properties, event, act) {
  const element = Object.assign(document.createElement(tag), properties);
  element.addEventListener(event, act);
  return element;
}

/**
 * Where the default is. A slider's knob does not reach the ends of its track.
 * @param {import("../model/controls.js").Scale} scale
 * @param {number} value
 */
function mark({ min, max, toPosition }, value) {
  const line = Object.assign(document.createElement("span"), { className: "mark" });
  line.setAttribute("aria-hidden", "true");
  line.style.setProperty("--at", String((toPosition(value) - min) / (max - min)));
  return line;
}
