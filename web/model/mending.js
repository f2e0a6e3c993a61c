/** What the box does about a camera that failed, in words. Pure: the caller brings the time. */

/** @typedef {import("../types.js").Recovery} Recovery */

const SAME_MS = 1500; // messages take longer now than then; a countdown must not jump for that

/**
 * With the moment it is due on this page's own clock; the one it had, where nothing but the messages' delay has changed.
 * @param {Recovery | null | undefined} recovery older boxes say nothing of it
 * @param {number} atMs when it was told
 * @param {Recovery | null | undefined} before
 * @returns {Recovery | null}
 */
export function dated(recovery, atMs, before) {
  if (!recovery) return null;
  const dueMs = recovery.next_in_s === null ? null : Math.round(atMs + recovery.next_in_s * 1000);
  const same = before?.step === recovery.step && before.attempt === recovery.attempt && before.last_reason === recovery.last_reason;
  if (same && isNear(before.dueMs, dueMs)) return before;
  return { ...recovery, next_in_s: null, dueMs };
}

/**
 * @param {number | null | undefined} then
 * @param {number | null} now
 */
function isNear(then, now) {
  return typeof then === "number" && now !== null ? Math.abs(then - now) < SAME_MS : then === now;
}

/**
 * @param {Recovery | null | undefined} recovery
 * @param {number} nowMs
 * @returns {string} a sentence; empty: nothing is done
 */
export function mendingWords(recovery, nowMs) {
  if (!recovery) return "";
  if (recovery.step === "wait_for_hotplug") return "Waiting for it.";
  if (recovery.step === "usb_reset") return "Switching its USB port off and on.";
  const seconds = Math.ceil(((recovery.dueMs ?? nowMs) - nowMs) / 1000);
  return [seconds >= 1 ? `Trying again in ${seconds} s` : "Trying again", `attempt ${recovery.attempt}.`].join(", ");
}
