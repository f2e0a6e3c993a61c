/** How long to wait before trying again: doubling, with jitter, so that viewers of a restarted box do not all knock at once. */
export class Backoff {
  #tries = 0;
  #firstMs;
  #longestMs;
  #random;

  /** @param {{firstMs?: number, longestMs?: number, random?: () => number}} [options] */
  constructor({ firstMs = 500, longestMs = 8000, random = Math.random } = {}) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** @returns {number} between half and all of the doubled wait */
  nextMs() {
    const wholeMs = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 16);
    return wholeMs * (0.5 + 0.5 * this.#random());
  }

  reset() {
    this.#tries = 0;
  }
}
