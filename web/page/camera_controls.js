/** The part of the panel that sets the camera itself: what it offers, live, for everyone. Over HTTP, so that it works however pictures come. */

import { isOff } from "../model/controls.js";
import { Wishes } from "../model/wishes.js";
import { Refused, Unreachable, api } from "./api.js";
import { ControlRow } from "./control_row.js";
import { find, setHidden } from "./elements.js";
import { Poll } from "./poll.js";

/** @typedef {import("../types.js").Control} Control */
/** @typedef {import("../types.js").ControlValue} ControlValue */

const LOOK_EVERY_MS = 2000; // others set it too, and the camera itself moves what is automatic

export class CameraControls {
  #root = find("#camera");
  #list = find("#controls");
  #reset = /** @type {HTMLButtonElement} */ (find("#controls-reset"));
  #fail;
  #poll = new Poll(LOOK_EVERY_MS, () => this.#look());
  #wishes = new Wishes(async () => {});
  /** @type {string | null} the stream whose camera is shown; null: none is */
  #id = null;
  /** @type {Control[]} */
  #controls = [];
  /** @type {Map<string, ControlRow>} as many as the camera has controls */
  #rows = new Map();
  /** What is drawn, so that a new value does not rebuild a slider under somebody's finger. */
  #drawn = "";

  /** @param {(text: string) => void} fail */
  constructor(fail) {
    this.#fail = fail;
    this.#reset.addEventListener("click", () => void this.#ask(this.#id, api.resetControls));
  }

  /** @param {string | null} id null: the panel is closed */
  show(id) {
    if (id === this.#id) return;
    this.#id = id;
    // What is still on its way to the camera before arrives there.
    this.#wishes = new Wishes((values) => this.#ask(id, () => api.setControls(id ?? "", values)));
    this.#take([]);
    if (id !== null) this.#poll.now();
  }

  async #look() {
    // While something is on its way, its answer says the same.
    if (this.#wishes.settled) await this.#ask(this.#id, api.controls, () => {});
  }

  /**
   * @param {string | null} id
   * @param {(id: string) => Promise<Control[]>} ask
   * @param {(text: string) => void} [fail]
   */
  async #ask(id, ask, fail = this.#fail) {
    if (id === null) return;
    try {
      const controls = await ask(id);
      if (id === this.#id) this.#take(controls);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      fail(error.message);
      if (error instanceof Refused) await this.#takeBack(id);
    }
  }

  /**
   * What was refused is shown as it is.
   * @param {string} id
   */
  async #takeBack(id) {
    const controls = await api.controls(id).catch(() => null);
    if (controls && id === this.#id) this.#take(controls);
  }

  /** @param {Control[]} controls */
  #take(controls) {
    this.#controls = controls;
    setHidden(this.#root, controls.length === 0);
    const drawn = JSON.stringify(controls.map((control) => ({ ...control, value: null, active: true, held_by: "" })));
    if (drawn !== this.#drawn) this.#draw(controls);
    this.#drawn = drawn;
    this.#update();
  }

  /** @param {Control[]} controls */
  #draw(controls) {
    this.#rows = new Map(controls.map((control) => [control.id, this.#row(control)]));
    this.#list.replaceChildren(...[...this.#rows.values()].map(({ root }) => root));
  }

  /** @param {Control} control */
  #row(control) {
    return new ControlRow(control, (value) => {
      this.#wishes.wish(control.id, value);
      this.#update();
    });
  }

  #update() {
    for (const control of this.#controls) this.#rows.get(control.id)?.show(this.#asWished(control), this.#controls);
    const none = !this.#controls.some((control) => isOff(this.#asWished(control)));
    if (this.#reset.disabled !== none) this.#reset.disabled = none;
  }

  /** @param {Control} control */
  #asWished(control) {
    const wished = this.#wishes.of(control.id);
    return wished === undefined ? control : { ...control, value: wished ?? control.default };
  }
}
