/**
 * What a tile says about its picture. The one rule: a picture that stands still never looks live.
 * Pure: facts in, words out.
 *
 * @typedef {"LIVE" | "DELAYED" | "STARTING" | "RECONNECTING" | "OFFLINE" | "STOPPED" | "PAUSED"} State
 *
 * @typedef {object} Facts
 * @property {boolean} watching  false: off screen, or the page is hidden
 * @property {import("../types.js").Connection} connection
 * @property {boolean} running  people want it live
 * @property {import("../types.js").Status} status
 * @property {string} reason
 * @property {string} [mending]  what the box does about it, a sentence
 * @property {boolean} placeholder  the last thing drawn is a placeholder
 * @property {number | null} ageMs  of the last real picture; null: there was none yet
 * @property {number} intervalMs  how far apart pictures are meant to be
 *
 * @typedef {object} Badge
 * @property {State} state
 * @property {string} label  short, for the badge
 * @property {string} detail  one sentence, shown over the picture; empty when the picture speaks for itself
 */

const LATE_MS = 1000;

/**
 * @param {Facts} facts
 * @returns {Badge}
 */
export function badge(facts) {
  if (!facts.watching) return { state: "PAUSED", label: "Paused", detail: "" };
  if (facts.connection !== "open") return reconnecting(facts);
  // Somebody stopped it, so it is not broken.
  if (!facts.running) return { state: "STOPPED", label: "Stopped", detail: "" };
  if (facts.status === "offline") return offline(facts);
  if (facts.status === "starting" || facts.placeholder || facts.ageMs === null) return starting(facts);
  return flowing(facts.ageMs, facts.intervalMs);
}

/** @param {Facts} facts */
function reconnecting({ connection, ageMs, placeholder }) {
  const lost = connection === "down" || ageMs !== null;
  const detail = ageMs !== null && !placeholder ? `Last picture ${duration(ageMs)} ago` : "";
  return { state: /** @type {State} */ ("RECONNECTING"), label: lost ? "Reconnecting" : "Connecting", detail };
}

/** @param {Facts} facts */
function starting({ status, reason }) {
  const label = "Starting";
  // Beside a live stream the reason is a remark on its pictures, not on their absence. And "Starting: starting" tells nobody anything.
  const detail = status === "starting" && sentence(reason) !== label ? sentence(reason) : "";
  return { state: /** @type {State} */ ("STARTING"), label, detail };
}

/** @param {Facts} facts */
function offline({ reason, mending, placeholder, ageMs }) {
  const last = ageMs !== null && !placeholder ? `last picture ${duration(ageMs)} ago` : "";
  const why = sentence([reason, last].filter(Boolean).join(", "));
  return { state: /** @type {State} */ ("OFFLINE"), label: "Offline", detail: [why, mending].filter(Boolean).join(". ") };
}

/**
 * A stream sent at two frames a second is not late after one.
 * @param {number} ageMs
 * @param {number} intervalMs
 */
function flowing(ageMs, intervalMs) {
  if (ageMs <= Math.max(LATE_MS, 2.5 * intervalMs)) return { state: /** @type {State} */ ("LIVE"), label: "Live", detail: "" };
  return { state: /** @type {State} */ ("DELAYED"), label: `Delayed ${duration(ageMs)}`, detail: "" };
}

/**
 * What the box has to say, for the line under the name. While it does not answer, what it said last is of the past.
 * @param {Badge} badge
 * @param {string} reason
 */
export function remark({ state, label }, reason) {
  if (state === "RECONNECTING" || state === "STOPPED") return "";
  return sentence(reason) === label ? "" : sentence(reason);
}

/**
 * @param {number} ms
 * @returns {string} "12 s", "3 min", "2 h"
 */
export function duration(ms) {
  const seconds = Math.max(1, Math.floor(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

/**
 * The box gives reasons as parts of sentences.
 * @param {string} text
 */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
