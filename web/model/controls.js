/** What can be set on a camera, as people read and move it: scales, words. Pure. */

/** @typedef {import("../types.js").Control} Control */
/** @typedef {import("../types.js").ControlValue} ControlValue */

/**
 * @typedef {object} Scale  where a slider stands for which value
 * @property {number} min
 * @property {number} max
 * @property {number | "any"} step
 * @property {(position: number) => number} toValue  one that the camera takes
 * @property {(value: number) => number} toPosition
 */

const WIDE = 100; // times as much at the end as at the start, such as exposure: then equal ways are equal factors
const WIDE_STEPS = 200;
const ARCSECONDS = 3600;

/**
 * @param {Control} control
 * @returns {Scale | null} null: it has no ends, so no slider
 */
export function scaleOf({ minimum: low, maximum: high, step, kind }) {
  if (low === null || high === null || !(high > low)) return null;
  const fine = step ?? (kind === "integer" ? 1 : (high - low) / WIDE_STEPS);
  const snap = (/** @type {number} */ value) => tidy(Math.min(high, Math.max(low, low + Math.round((value - low) / fine) * fine)));
  if (low <= 0 || high / low < WIDE) return { min: low, max: high, step: fine, toValue: snap, toPosition: (value) => value };
  const factor = Math.log(high / low);
  return {
    min: 0,
    max: WIDE_STEPS,
    step: 1,
    toValue: (position) => (position >= WIDE_STEPS ? high : snap(low * Math.exp((factor * position) / WIDE_STEPS))),
    toPosition: (value) => (WIDE_STEPS * Math.log(Math.max(value, low) / low)) / factor,
  };
}

/**
 * @param {Control} control
 * @param {ControlValue | null} value
 */
export function valueText({ kind, unit, choices }, value) {
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "On" : "Off";
  if (kind === "menu") return choices.find((choice) => choice.value === value)?.label ?? String(value);
  return typeof value === "number" ? inUnit(value, unit) : value;
}

/**
 * Why it cannot be moved now; empty: it can.
 * @param {Control} control
 * @param {Control[]} all
 */
export function whyNot({ active, held_by: holder, read_only: told }, all) {
  if (told || active) return "";
  const name = all.find(({ id }) => id === holder)?.name;
  return name ? `${name} decides this now.` : "The camera decides this now.";
}

/** @param {Control} control */
export function isOff({ value, default: standard, read_only: told }) {
  return !told && standard !== null && value !== null && value !== standard;
}

/**
 * V4L2 counts exposure in 100 µs, and turns in seconds of arc.
 * @param {number} value
 * @param {string} unit
 */
function inUnit(value, unit) {
  if (unit === "100 µs") return duration(value * 100);
  if (unit === "µs") return duration(value);
  if (unit === "″") return `${tidy(Math.round((value / ARCSECONDS) * 100) / 100)}°`;
  return [tidy(value), unit].filter((part) => part !== "").join(unit === "°" || unit === "%" ? "" : " ");
}

/** @param {number} us */
function duration(us) {
  if (us < 1000) return `${us} µs`;
  return us < 1e6 ? `${rounded(us / 1000)} ms` : `${rounded(us / 1e6)} s`;
}

/** @param {number} value */
function rounded(value) {
  return value < 10 ? tidy(Math.round(value * 10) / 10) : Math.round(value);
}

/**
 * 0.30000000000000004 is 0.3.
 * @param {number} value
 */
function tidy(value) {
  return Number(value.toPrecision(12));
}
