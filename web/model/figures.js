/** Numbers as people read them. Pure. */

/** @typedef {import("../types.js").Figures} Figures */

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
  if (preset === "auto") return "Automatic";
  return preset.charAt(0).toUpperCase() + preset.slice(1).replaceAll("_", " ");
}
