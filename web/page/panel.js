/** The settings of the large stream: this viewer's choice, everyone's quality, links, removal. */

import { autoNow, wishOf } from "../model/auto.js";
import { pictureOf, presetTitle } from "../model/figures.js";
import { shareLinks } from "../model/links.js";
import { ratesOffered } from "../model/presets.js";
import { CameraControls } from "./camera_controls.js";
import { copyFrom } from "./copy.js";
import { copyOf, find, setHidden, setText } from "./elements.js";
import { RightNow } from "./right_now.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {import("../types.js").Preset} Preset */

/**
 * @typedef {object} PanelActions
 * @property {(id: string, choice: Choice) => void} choose
 * @property {(id: string, jpegQuality: number | null) => void} setQuality
 * @property {(id: string) => void} keep
 * @property {(id: string) => void} remove
 * @property {() => void} close
 */

const USUAL_QUALITY = 85;
const SURE_WITHIN_MS = 4000;

export class Panel {
  #root = find("#panel");
  #quality = /** @type {HTMLInputElement} */ (find("#quality"));
  #reset = /** @type {HTMLButtonElement} */ (find("#quality-reset"));
  #remove = /** @type {HTMLButtonElement} */ (find("#remove"));
  #now = new RightNow();
  #camera;
  #ceiling = find("#auto-ceiling");
  #actions;
  /** @type {Stream | null} */
  #stream = null;
  /** @type {Choice} */
  #choice = { preset: null, fps: null };
  /** What is drawn, so that polling does not rebuild a form under somebody's finger. */
  #drawn = "";

  /**
   * @param {PanelActions} actions
   * @param {(text: string) => void} fail
   */
  constructor(actions, fail) {
    this.#actions = actions;
    this.#camera = new CameraControls(fail);
    find("#panel-close").addEventListener("click", () => actions.close());
    this.#quality.addEventListener("input", () => setText(find("#quality-value"), this.#quality.value));
    this.#quality.addEventListener("change", () => this.#setQuality(Number(this.#quality.value)));
    this.#reset.addEventListener("click", () => this.#setQuality(null));
    this.#remove.addEventListener("click", () => this.#askOrRemove());
    find("#keep").addEventListener("click", () => this.#stream && actions.keep(this.#stream.id));
  }

  /** What comes next by keyboard, or is read next, is the panel. */
  focus() {
    find("#panel-title").focus();
  }

  /** @param {import("./narrator.js").Known | null} known null: closed */
  show(known) {
    setHidden(this.#root, known === null);
    this.#camera.show(known && known.stream.id);
    if (!known) return;
    const { stream, choice, best, figures, info } = known;
    if (this.#stream?.id !== stream.id) this.#unask();
    this.#stream = stream;
    this.#choice = choice;
    setHidden(find("#lasting"), stream.lasts ?? true);
    if (!this.#remove.dataset.sure) this.#unask();
    this.#showQuality(stream.jpeg_quality, best?.jpeg_quality ?? null);
    this.#draw(stream, choice, best);
    this.#showAuto(stream, autoNow(info, choice));
    this.#now.show(stream.id, pictureOf(figures), info);
  }

  /**
   * @param {Stream} stream
   * @param {Choice} choice
   * @param {Preset | null} best
   */
  #draw(stream, choice, best) {
    const drawn = JSON.stringify([stream.id, stream.preset, stream.presets, stream.fps, choice, best?.fps]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#drawQualities(stream, choice);
    this.#drawRates(ratesOffered(stream, best), choice);
    this.#drawLinks(stream, choice);
  }

  /**
   * @param {number | null} own
   * @param {number | null} presetQuality
   */
  #showQuality(own, presetQuality) {
    if (document.activeElement === this.#quality && this.#quality.matches(":active")) return;
    this.#quality.value = String(own ?? presetQuality ?? USUAL_QUALITY);
    const asPreset = presetQuality === null ? "as the preset" : `${presetQuality}, as the preset`;
    setText(find("#quality-value"), own === null ? asPreset : String(own));
    if (this.#reset.disabled !== (own === null)) this.#reset.disabled = own === null;
  }

  /**
   * @param {Stream} stream
   * @param {Choice} choice
   */
  #drawQualities({ presets }, choice) {
    const qualities = ["auto", ...presets].map((name) => ({ title: presetTitle(name), value: name }));
    // Automatic is what nobody needs to choose, so choosing it takes a choice back.
    drawOptions("presets", qualities, wishOf(choice).preset, (value) =>
      this.#choose({ ...this.#choice, preset: value === "auto" ? null : value }),
    );
  }

  /**
   * What it comes to changes with the connection, so it is no reason to draw the form anew.
   * @param {Stream} stream
   * @param {string} now
   */
  #showAuto({ preset }, now) {
    setText(find('#presets input[value="auto"] + span'), now ? `Auto (${now})` : "Auto");
    setText(this.#ceiling, preset === "auto" ? "" : `, at most ${presetTitle(preset)}`);
  }

  /**
   * @param {number[]} ratesFps
   * @param {Choice} choice
   */
  #drawRates(ratesFps, choice) {
    const rates = ratesFps.map((fps) => ({ title: String(fps), value: String(fps) }));
    const chosen = choice.fps !== null && ratesFps.includes(choice.fps) ? String(choice.fps) : "";
    drawOptions("rates", [{ title: "Full rate", value: "" }, ...rates], chosen, (value) =>
      this.#choose({ ...this.#choice, fps: value ? Number(value) : null }),
    );
  }

  /** @param {Choice} choice */
  #choose(choice) {
    if (!this.#stream) return;
    this.#actions.choose(this.#stream.id, choice);
  }

  /**
   * @param {Stream} stream
   * @param {Choice} choice
   */
  #drawLinks({ id, source }, choice) {
    find("#links").replaceChildren(
      ...shareLinks(window.location, id, choice, source === "published").map(({ label, url }) => linkRow(label, url)),
    );
  }

  /** @param {number | null} quality */
  #setQuality(quality) {
    if (this.#stream) this.#actions.setQuality(this.#stream.id, quality);
  }

  #askOrRemove() {
    if (!this.#stream) return;
    if (this.#remove.dataset.sure === "asked") {
      this.#unask();
      this.#actions.remove(this.#stream.id);
      return;
    }
    this.#remove.dataset.sure = "asked";
    setText(this.#remove, this.#stream.removable ? "Really remove it, for everyone?" : "Really remove it, and from the configuration?");
    setTimeout(() => this.#unask(), SURE_WITHIN_MS);
  }

  #unask() {
    delete this.#remove.dataset.sure;
    setText(this.#remove, this.#stream?.removable === false ? "Remove this camera" : "Remove this stream");
  }
}

/**
 * @param {string} name the fieldset's id
 * @param {{title: string, value: string}[]} options
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
function drawOptions(name, options, chosen, choose) {
  const fieldset = find(`#${name}`);
  const hadFocus = fieldset.contains(document.activeElement);
  for (const label of [...fieldset.querySelectorAll("label")]) label.remove();
  for (const { title, value } of options) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    const words = document.createElement("span");
    words.textContent = title;
    label.append(input, words);
    fieldset.append(label);
    if (hadFocus && input.checked) input.focus();
  }
}

/**
 * @param {string} label
 * @param {string} url
 */
function linkRow(label, url) {
  const row = copyOf("link");
  const field = /** @type {HTMLInputElement} */ (find("input", row));
  const button = find("button", row);
  find(".name", row).textContent = label;
  field.value = url;
  field.setAttribute("aria-label", label);
  button.setAttribute("aria-label", `Copy ${label}`);
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    button.textContent = (await copyFrom(field)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return row;
}
