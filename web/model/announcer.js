/** Which changes are worth saying aloud: those that last, once each. Pure: the caller brings the time. */

const LASTING_MS = 1500;
const NOT_NEWS = ["LIVE", "PAUSED", "STARTING"];

export class Announcer {
  /** @type {Map<string, {state: string, sinceMs: number, said: string | null}>} */
  #known = new Map();

  /**
   * @param {string} id
   * @param {string} state
   * @param {number} nowMs
   * @returns {boolean} say it now
   */
  isNews(id, state, nowMs) {
    const known = this.#known.get(id) ?? { state, sinceMs: nowMs, said: null };
    this.#known.set(id, known);
    if (known.state !== state) Object.assign(known, { state, sinceMs: nowMs });
    if (state === "PAUSED" || known.said === state || nowMs - known.sinceMs < LASTING_MS) return false;
    // That a picture is there at first goes without saying.
    const news = known.said !== null || !NOT_NEWS.includes(state);
    known.said = state;
    return news;
  }
}
