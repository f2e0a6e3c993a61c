/** The player's last report. Pure: the caller brings the time. */

/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {Extract<import("../types.js").Report, {type: "figures"}>} FiguresReport */

const OVERDUE_MS = 1000; // the player reports every 250

export class Readings {
  /** @type {FiguresReport | null} */
  #report = null;
  #atMs = 0;

  /**
   * @param {FiguresReport} report
   * @param {number} nowMs
   * @returns {boolean} the WebSocket was lost just now
   */
  heard(report, nowMs) {
    const lost = this.connection === "open" && report.connection === "down";
    this.#report = report;
    this.#atMs = nowMs;
    return lost;
  }

  /** @returns {import("../types.js").Connection} */
  get connection() {
    return this.#report?.connection ?? "connecting";
  }

  /**
   * A player that has stuck says nothing new; pictures grow old all the same.
   * @param {string} id
   * @param {number} nowMs
   * @returns {Figures | undefined}
   */
  of(id, nowMs) {
    const figures = this.#report?.streams[id];
    const sinceMs = nowMs - this.#atMs;
    if (!figures || figures.ageMs === null || sinceMs < OVERDUE_MS) return figures;
    return { ...figures, ageMs: figures.ageMs + sinceMs };
  }
}
