/**
 * The box's clock, seen from here. A frame's age is only honest when both ends agree what time it is.
 * Pure: the caller brings the times.
 */

const SAMPLES_KEPT = 10;
const DRIFT_ALLOWED_MS = 5;

/** Learns from ping and pong. The quickest round trip tells the most, since it leaves the least room to be wrong. */
export class BoxClock {
  /** @type {{offsetMs: number, rttMs: number}[]} */
  #samples = [];

  /** @param {{sentMs: number, receivedMs: number, boxMs: number}} sample */
  learn({ sentMs, receivedMs, boxMs }) {
    const rttMs = receivedMs - sentMs;
    if (rttMs < 0) return;
    const sample = { offsetMs: boxMs - (sentMs + receivedMs) / 2, rttMs };
    // Each sample is right within half its round trip. Two that cannot both be right mean that a clock was set
    // (a Pi without a clock chip does that soon after boot): what came before is void.
    if (this.#samples.some((earlier) => contradicts(earlier, sample))) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift();
  }

  /**
   * @param {number} boxMs
   * @returns {number | null} the same moment on our clock; null before the first pong
   */
  toLocalMs(boxMs) {
    const best = this.#best();
    return best ? boxMs - best.offsetMs : null;
  }

  #best() {
    if (this.#samples.length === 0) return null;
    return this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best));
  }
}

/**
 * @param {{offsetMs: number, rttMs: number}} one
 * @param {{offsetMs: number, rttMs: number}} other
 */
function contradicts(one, other) {
  return Math.abs(one.offsetMs - other.offsetMs) > (one.rttMs + other.rttMs) / 2 + DRIFT_ALLOWED_MS;
}

/**
 * Without pings (plain HTTP) the picture that travelled best is taken as fresh, so an age is "at least so much".
 */
export class ArrivalClock {
  #leastMs = Infinity;

  /**
   * @param {number} boxMs capture time
   * @param {number} arrivedMs on our clock
   * @returns {number} the capture time on our clock
   */
  toLocalMs(boxMs, arrivedMs) {
    this.#leastMs = Math.min(this.#leastMs, arrivedMs - boxMs);
    return boxMs + this.#leastMs;
  }
}
