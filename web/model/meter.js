/** Something per second, over the last two seconds. Pure: the caller brings the time. */

const WINDOW_MS = 2000;

export class Meter {
  /** @type {{atMs: number, amount: number}[]} at most what happens in two seconds */
  #events = [];

  /**
   * @param {number} nowMs
   * @param {number} [amount]
   */
  add(nowMs, amount = 1) {
    this.#events.push({ atMs: nowMs, amount });
    this.#forget(nowMs);
  }

  /**
   * @param {number} nowMs
   * @returns {number}
   */
  perSecond(nowMs) {
    this.#forget(nowMs);
    const sum = this.#events.reduce((total, event) => total + event.amount, 0);
    return (sum * 1000) / WINDOW_MS;
  }

  /** @param {number} nowMs */
  #forget(nowMs) {
    const keep = this.#events.findIndex((event) => nowMs - event.atMs < WINDOW_MS);
    this.#events.splice(0, keep === -1 ? this.#events.length : keep);
  }
}
