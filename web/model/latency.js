/** Where the time goes between camera and screen, and what else the box measured of one viewer's pictures. As people read it. Pure. */

import { presetTitle } from "./figures.js";
import { sentence } from "./state.js";

/** @typedef {import("../types.js").Figures} Figures */
/** @typedef {import("../types.js").Stages} Stages */
/** @typedef {import("../types.js").StreamInfo} StreamInfo */
/** @typedef {{key: keyof Stages, title: string, about: string}} StageWords */

export const UNKNOWN = "–";

/** @type {StageWords[]} in the order a picture goes through */
export const STAGES = [
  { key: "camera_ms", title: "Camera", about: "taking the picture" },
  { key: "worker_ms", title: "Encoding", about: "making it a JPEG" },
  { key: "server_ms", title: "Box", about: "waiting to be sent" },
  { key: "wire_ms", title: "Network", about: "on the way to you" },
  { key: "drawn_ms", title: "This device", about: "drawing it" },
];

/**
 * @param {number | null | undefined} ms
 * @returns {string} "0.4 ms", "12 ms"; what is not known is not nothing
 */
export function msText(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms > 0 && ms < 0.1) return "< 0.1 ms";
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/**
 * @param {Stages | null | undefined} stages
 * @returns {string} where a stage is not known, the others are the least it can be
 */
export function sumText(stages) {
  const known = STAGES.map(({ key }) => stages?.[key]).filter((ms) => typeof ms === "number");
  if (known.length === 0) return UNKNOWN;
  const sum = msText(known.reduce((total, ms) => total + ms, 0));
  return known.length < STAGES.length ? `at least ${sum}` : sum;
}

/**
 * @param {Figures | undefined} figures
 * @param {StreamInfo | undefined} info
 * @returns {{title: string, text: string}[]} in words, for a table
 */
export function details(figures, info) {
  const numbers = info?.numbers;
  const count = (/** @type {number | null | undefined} */ frames) => (frames === null || frames === undefined ? UNKNOWN : String(frames));
  return [
    { title: "You get", text: info ? sentence(info.rung || presetTitle(info.preset)) : UNKNOWN },
    { title: "Picture", text: figures ? `${figures.width} × ${figures.height}` : UNKNOWN },
    { title: "Data", text: figures ? `${Math.round(figures.kbytesPerS)} KB/s` : UNKNOWN },
    { title: "Round trip", text: msText(numbers?.rtt_ms) },
    { title: "Age when drawn", text: msText(numbers?.age_ms_p50) },
    { title: "95 % are younger than", text: msText(numbers?.age_ms_p95) },
    { title: "Dropped: too many on the way", text: count(numbers?.dropped?.unacknowledged) },
    { title: "Dropped: connection full", text: count(numbers?.dropped?.unsent) },
    { title: "Dropped: not drawn in time", text: count(figures?.replaced) },
    { title: "Dropped in all", text: count(figures?.dropped) },
  ];
}
