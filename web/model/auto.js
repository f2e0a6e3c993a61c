/** "Auto": quality that follows this viewer's connection, at most as high as the stream's own. What it comes to, in words. Pure. */

/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {import("../types.js").Preset} Preset */
/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").StreamInfo} StreamInfo */
/** @typedef {import("../types.js").Figures} Figures */

const LASTING_MS = 2000;
const CALM_MS = 1000;
const NEARLY = 0.95; // sizes and rates are rounded on their way

/**
 * Who has chosen nothing gets what the connection carries.
 * @param {Choice} choice
 * @returns {Choice & {preset: string}}
 */
export function wishOf({ preset, fps }) {
  return { preset: preset ?? "auto", fps };
}

/**
 * What the box told counts only while pictures come by the WebSocket it was told on.
 * @param {StreamInfo | undefined} info
 * @param {Figures | undefined} figures
 */
export function currentOf(info, figures) {
  return figures?.transport === "ws" && figures.connection === "open" ? info : undefined;
}

/**
 * @param {StreamInfo | undefined} info
 * @param {Choice} choice
 * @returns {string} what "auto" comes to: "480p, 12 fps"; empty: not known, or not chosen
 */
export function autoNow(info, choice) {
  if (wishOf(choice).preset !== "auto" || !info || !(info.height > 0)) return "";
  return info.fps > 0 ? `${info.height}p, ${Math.round(info.fps)} fps` : `${info.height}p`;
}

/**
 * What there is less of, and why. A device that draws for longer than a picture travels is what holds it up: the box only sees that it
 * hears late.
 * @param {StreamInfo | undefined} info
 * @param {Stream} stream
 * @param {Preset | null} best the stream's own preset; null: its numbers are not known
 * @param {number | null} wishedFps
 * @returns {string} "Slow connection: 480p"; empty: nothing
 */
export function slowWords(info, stream, best, wishedFps) {
  if (info?.reduced) return `Reduced: ${info.reduced}`; // the connection may be slow too, but that is not what it is about
  const less = lessThanBest(info, stream, best, wishedFps);
  const { wire_ms: wireMs = null, drawn_ms: drawnMs = null } = info?.numbers?.stages ?? {};
  const device = wireMs !== null && drawnMs !== null && drawnMs > wireMs;
  return less && `Slow ${device ? "device" : "connection"}: ${less}`;
}

/**
 * @param {StreamInfo | undefined} info
 * @param {Stream} stream
 * @param {Preset | null} best
 * @param {number | null} wishedFps
 * @returns {string} "480p", "15 fps"; empty: nothing
 */
function lessThanBest(info, stream, best, wishedFps) {
  if (!info?.auto) return "";
  const lower = info.preset !== bestName(stream, info);
  if (!lower && (info.rung || info.preset) === info.preset) return "";
  const mostFps = Math.min(stream.fps ?? best?.fps ?? Infinity, wishedFps ?? Infinity);
  const mostLines = Math.min(best?.height ?? Infinity, stream.height || Infinity);
  if (info.height < NEARLY * mostLines) return `${info.height}p`;
  if (info.fps < NEARLY * mostFps) return `${Math.round(info.fps)} fps`;
  return lower || info.rung?.includes("lean") ? "less detail" : "";
}

/**
 * A stream that is "auto" itself goes as high as its last preset; the camera's own pictures are for who asks for them.
 * @param {Stream} stream
 * @param {StreamInfo} info
 */
function bestName({ preset }, { presets }) {
  return preset === "auto" ? (presets.filter((name) => name !== "native").at(-1) ?? "native") : preset;
}

/** A hint that comes and goes only when its cause has lasted, and in between changes at most once a second. */
export class Hint {
  #shown = "";
  #changedMs = -Infinity;
  #wanted = false;
  #sinceMs = 0;

  /**
   * @param {string} text empty: there is nothing to hint at
   * @param {number} nowMs
   * @returns {string} what to show
   */
  next(text, nowMs) {
    const wanted = text !== "";
    if (wanted !== this.#wanted) this.#sinceMs = nowMs;
    this.#wanted = wanted;
    const comesOrGoes = wanted !== (this.#shown !== "");
    const ripe = comesOrGoes ? nowMs - this.#sinceMs >= LASTING_MS : nowMs - this.#changedMs >= CALM_MS;
    if (text === this.#shown || !ripe) return this.#shown;
    this.#changedMs = nowMs;
    this.#shown = text;
    return text;
  }
}
