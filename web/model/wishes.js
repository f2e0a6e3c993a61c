/**
 * What a person wants set, on its way to the box: one request at a time, and of each control the newest value. A slider says more
 * than any network carries; what comes meanwhile becomes one, and the last value always arrives.
 * @typedef {import("../types.js").ControlValue} ControlValue
 */

export class Wishes {
  /** @type {Record<string, ControlValue | null>} */
  #waiting = {};
  /** @type {Record<string, ControlValue | null>} */
  #underWay = {};
  #busy = false;
  #send;

  /** @param {(values: Record<string, ControlValue | null>) => Promise<void>} send must not reject */
  constructor(send) {
    this.#send = send;
  }

  /** Has everything been answered? */
  get settled() {
    return !this.#busy;
  }

  /**
   * @param {string} id
   * @returns {ControlValue | null | undefined} what it will be; null: its default; undefined: as it is
   */
  of(id) {
    return id in this.#waiting ? this.#waiting[id] : this.#underWay[id];
  }

  /**
   * @param {string} id
   * @param {ControlValue | null} value null: back to the default
   */
  wish(id, value) {
    this.#waiting[id] = value;
    if (!this.#busy) void this.#run();
  }

  async #run() {
    this.#busy = true;
    while (Object.keys(this.#waiting).length > 0) {
      this.#underWay = this.#waiting;
      this.#waiting = {};
      await this.#send(this.#underWay);
      this.#underWay = {};
    }
    this.#busy = false;
  }
}
