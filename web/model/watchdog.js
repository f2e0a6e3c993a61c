/**
 * Notices silence. Pure: the caller brings the time.
 *
 * On a link so slow that one picture takes longer than the patience, hanging up would never let a picture through;
 * so each silence in a row makes it twice as patient, and quiet times make it strict again.
 */
export class Watchdog {
  #strictMs;
  #patienceMs;
  #heardMs;
  #calmSinceMs;

  /** @param {{strictMs: number, nowMs: number}} options */
  constructor({ strictMs, nowMs }) {
    this.#strictMs = strictMs;
    this.#patienceMs = strictMs;
    this.#heardMs = nowMs;
    this.#calmSinceMs = nowMs;
  }

  /** @param {number} nowMs */
  heard(nowMs) {
    this.#heardMs = nowMs;
    if (nowMs - this.#calmSinceMs > 10 * this.#patienceMs) this.#patienceMs = this.#strictMs;
  }

  /**
   * True once for each silence that lasted too long.
   * @param {number} nowMs
   * @returns {boolean}
   */
  bites(nowMs) {
    if (nowMs - this.#heardMs <= this.#patienceMs) return false;
    this.#patienceMs = Math.min(this.#patienceMs * 2, 8 * this.#strictMs);
    this.#heardMs = nowMs;
    this.#calmSinceMs = nowMs;
    return true;
  }
}
