/** The most this viewer can get of a stream, by its presets. Pure. */

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {import("../types.js").Preset} Preset */

const RATES_FPS = [30, 24, 15];

/**
 * By its name. "auto" goes as high as the stream's own.
 * @param {Stream} stream
 * @param {Choice} choice
 */
export function presetOf(stream, choice) {
  return choice.preset === null || choice.preset === "auto" ? stream.preset : choice.preset;
}

/**
 * A rate above the preset's would change nothing, so it is no choice.
 * @param {Stream} stream
 * @param {Preset | null} preset null: its numbers are not known
 */
export function ratesOffered({ fps }, preset) {
  const mostFps = fps ?? preset?.fps ?? Infinity;
  return RATES_FPS.filter((rateFps) => rateFps <= mostFps);
}
