/**
 * What a tile says about its picture. The one rule: a picture that stands still never looks live.
 * Pure: facts in, words out.
 *
 * @typedef {"LIVE" | "DELAYED" | "STARTING" | "RECONNECTING" | "OFFLINE" | "STOPPED" | "PAUSED"} State
 *
 * @typedef {object} Facts
 * @property {boolean} watching  false: off screen, or the page is hidden
 * @property {import("../types.js").Connection} connection
 * @property {import("../types.js").Status} status
 * @property {string} reason
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
  if (facts.status === "offline") return offline(facts);
  if (facts.status === "starting") return { state: "STARTING", label: "Starting", detail: sentence(facts.reason) };
  if (facts.placeholder || facts.ageMs === null) return { state: "STARTING", label: "Starting", detail: "" };
  return flowing(facts.ageMs, facts.intervalMs);
}

/** @param {Facts} facts */
function reconnecting({ connection, ageMs, placeholder }) {
  const lost = connection === "down" || ageMs !== null;
  const detail = ageMs !== null && !placeholder ? `Last picture ${duration(ageMs)} ago` : "";
  return { state: /** @type {State} */ ("RECONNECTING"), label: lost ? "Reconnecting" : "Connecting", detail };
}

/** @param {Facts} facts */
function offline({ reason, placeholder, ageMs }) {
  if (isStopped(reason)) return { state: /** @type {State} */ ("STOPPED"), label: "Stopped", detail: "" };
  const last = ageMs !== null && !placeholder ? `last picture ${duration(ageMs)} ago` : "";
  return { state: /** @type {State} */ ("OFFLINE"), label: "Offline", detail: sentence([reason, last].filter(Boolean).join(", ")) };
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
 * Somebody stopped it, so it is not broken.
 * @param {string} reason
 */
export function isStopped(reason) {
  return reason === "stopped";
}

/**
 * It is gone for good.
 * @param {{status: string, reason: string}} told
 */
export function isRemoved({ status, reason }) {
  return status === "offline" && reason === "removed";
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
