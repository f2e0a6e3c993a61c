/** What a key means. Pure. */

/**
 * @typedef {{act: "choose", index: number} | {act: "move", by: "left" | "right" | "up" | "down"}
 *   | {act: "back"} | {act: "fullscreen"} | {act: "snapshot"} | {act: "info"} | {act: "help"}} Meaning
 */

/** @type {Record<string, Meaning>} */
const MEANINGS = {
  Escape: { act: "back" },
  ArrowLeft: { act: "move", by: "left" },
  ArrowRight: { act: "move", by: "right" },
  ArrowUp: { act: "move", by: "up" },
  ArrowDown: { act: "move", by: "down" },
  f: { act: "fullscreen" },
  s: { act: "snapshot" },
  i: { act: "info" },
  "?": { act: "help" },
};

/**
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} event
 * @returns {Meaning | null}
 */
export function meaning({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (/^[1-9]$/.test(key)) return { act: "choose", index: Number(key) - 1 };
  return MEANINGS[key] ?? null;
}

/**
 * Where a step leads in a grid; stays inside.
 * @param {number} from
 * @param {"left" | "right" | "up" | "down"} by
 * @param {number} columns
 * @param {number} count
 */
export function step(from, by, columns, count) {
  const to = from + { left: -1, right: 1, up: -columns, down: columns }[by];
  return to >= 0 && to < count ? to : from;
}
