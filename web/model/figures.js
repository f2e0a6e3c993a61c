/** Numbers as people read them. Pure. */

import { remark } from "./state.js";

/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("./state.js").Badge} Badge */

const WAYS = { ws: "WebSocket", mjpeg: "MJPEG", snapshot: "Snapshots" };

/** @param {Figures} figures */
export function figuresLine({ width, height, fps, kbytesPerS, ageMs, dropped, transport }) {
  return [
    `${width} × ${height}`,
    `${fps.toFixed(1)} fps`,
    `${Math.round(kbytesPerS)} KB/s`,
    ageMs === null ? "no picture" : `${Math.round(ageMs)} ms old`,
    `${dropped} dropped`,
    WAYS[transport],
  ];
}

/**
 * @param {number} ageMs
 * @returns {string} "0.1 s": in steps, so that it does not flicker
 */
export function ageText(ageMs) {
  return `${(Math.ceil(ageMs / 100) / 10).toFixed(1)} s`;
}

/**
 * @param {string} preset
 * @returns {string}
 */
export function presetTitle(preset) {
  if (preset === "auto") return "Auto";
  return preset.charAt(0).toUpperCase() + preset.slice(1).replaceAll("_", " ");
}

/**
 * The box's remark, or else what is shown: as large as it came, since a preset has another size on each camera.
 * @param {Badge} badge
 * @param {string} reason
 * @param {Figures | undefined} figures
 * @param {string} preset
 */
export function noteOf(badge, reason, figures, preset) {
  const drawn = pictureOf(figures);
  const title = presetTitle(preset);
  return remark(badge, reason) || (drawn ? `${drawn.width} × ${drawn.height} · ${title}` : title);
}

/**
 * @param {Figures | undefined} figures
 * @returns {Figures | null} null: there is no picture of the camera
 */
export function pictureOf(figures) {
  return figures && figures.framesDrawn > 0 && !figures.placeholder ? figures : null;
}
