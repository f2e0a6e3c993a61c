/** The dialog that makes a new stream. */

import { Refused, Unreachable, api } from "./api.js";
import { find } from "./elements.js";

/** @typedef {import("../types.js").Stream} Stream */

const SOURCES = [
  { value: "pattern", title: "Test pattern", hint: "A moving picture with a clock, to see that everything works." },
  { value: "auto", title: "First free camera", hint: "Takes the first camera nobody uses, or the test pattern when there is none." },
  { value: "published", title: "Pictures sent by a program", hint: "Another program sends pictures in; its address is then under Links." },
];

export class AddDialog {
  #dialog = /** @type {HTMLDialogElement} */ (find("#add-dialog"));
  #source = /** @type {HTMLSelectElement} */ (find("#add-source"));
  #name = /** @type {HTMLInputElement} */ (find("#add-name"));
  #problem = find("#add-problem");
  #submit = /** @type {HTMLButtonElement} */ (find("[type=submit]", this.#dialog));
  #added;
  #keep = false;

  /** @param {(stream: Stream) => void} added */
  constructor(added) {
    this.#added = added;
    find("#add-cancel").addEventListener("click", () => this.#dialog.close());
    this.#source.addEventListener("change", () => this.#hint());
    this.#dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add();
    });
  }

  /** @param {boolean} keep have it outlive a restart */
  async open(keep) {
    this.#keep = keep;
    this.#fill([]);
    this.#name.value = "";
    this.#problem.textContent = "";
    this.#dialog.showModal();
    const cameras = await api.cameras().catch(() => []);
    if (this.#dialog.open) this.#fill(cameras);
  }

  /** @param {import("../types.js").Camera[]} cameras */
  #fill(cameras) {
    const chosen = this.#source.value;
    const attached = cameras.map(({ source, name }) => ({ value: source, title: name || source, hint: source }));
    const listed = [...SOURCES, ...attached.filter(({ value }) => SOURCES.every((known) => known.value !== value))];
    this.#source.replaceChildren(...listed.map(option));
    if (listed.some(({ value }) => value === chosen)) this.#source.value = chosen;
    this.#hint();
  }

  #hint() {
    find("#add-hint").textContent = this.#source.selectedOptions[0]?.dataset.hint ?? "";
  }

  async #add() {
    const name = this.#name.value.trim();
    this.#submit.disabled = true;
    try {
      const stream = await api.start({ source: this.#source.value, ...(name && { name }), ...(this.#keep && { keep: true }) });
      this.#dialog.close();
      this.#added(stream);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.#problem.textContent = error.message;
    } finally {
      this.#submit.disabled = false;
    }
  }
}

/** @param {{value: string, title: string, hint: string}} source */
function option({ value, title, hint }) {
  const made = new Option(title, value);
  made.dataset.hint = hint;
  return made;
}
