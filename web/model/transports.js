/**
 * Which way pictures come: WebSocket, or MJPEG and snapshots where something between page and box will not let it through.
 * Pure. The link keeps knocking all the while, so the first answer leads back up.
 */

/** @typedef {import("../types.js").Transport} Transport */

const FAILURES_BEFORE_HTTP = 3;
const MJPEG_REST_MS = 30_000;

export class Transports {
  #forced;
  #failures = 0;
  #mjpegRestsUntilMs = -Infinity;

  /** @param {Transport | null} forced from `?transport=`, for tests and support */
  constructor(forced) {
    this.#forced = forced;
  }

  /** Is it of any use to open a WebSocket? */
  get knocks() {
    return this.#forced === null || this.#forced === "ws";
  }

  linkOpened() {
    this.#failures = 0;
  }

  /**
   * A box that does not answer at all is no reason to give up WebSocket.
   * @param {boolean} httpWorks
   */
  linkFailed(httpWorks) {
    this.#failures = httpWorks ? this.#failures + 1 : 0;
  }

  /** @param {number} nowMs */
  mjpegFailed(nowMs) {
    this.#mjpegRestsUntilMs = nowMs + MJPEG_REST_MS;
  }

  /**
   * Browsers open about six connections to one host, so only the large picture may hold one all the time.
   * @param {boolean} large
   * @param {number} nowMs
   * @returns {Transport}
   */
  transport(large, nowMs) {
    if (this.#forced) return this.#forced;
    if (this.#failures < FAILURES_BEFORE_HTTP) return "ws";
    return large && nowMs >= this.#mjpegRestsUntilMs ? "mjpeg" : "snapshot";
  }
}
