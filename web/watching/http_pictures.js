/** Pictures without WebSocket: MJPEG read as a stream (so each picture's age is known, unlike in an <img>), or snapshots. */

import { ArrivalClock } from "../model/clock.js";
import { picturePath } from "../model/links.js";
import { MultipartReader } from "../model/multipart.js";
import { pause } from "./attempts.js";

/** @typedef {import("../types.js").Time} Time */
/** @typedef {import("../types.js").Picture} Picture */
/** @typedef {import("../types.js").Wish} Wish */
/** @typedef {import("./attempts.js").Attempt} Attempt */

const SNAPSHOT_LARGE_EVERY_MS = 250;
const SNAPSHOT_SMALL_EVERY_MS = 1000;
const MJPEG_CHANCES = 2;

/** @param {Wish | null} wish */
export function snapshotEveryMs(wish) {
  return wish?.large ? SNAPSHOT_LARGE_EVERY_MS : SNAPSHOT_SMALL_EVERY_MS;
}

/**
 * @param {string} id
 * @param {Wish} wish
 * @param {Time} time
 * @param {(picture: Picture) => void} offer
 * @returns {Attempt}
 */
export function snapshots(id, wish, time, offer) {
  return async (signal, heard) => {
    const askedMs = time.nowMs();
    const response = await fetch(picturePath(id, "snapshot.jpg", wish), { signal, cache: "no-store" });
    if (response.status !== 503 && !response.ok) throw new Error(`snapshot: ${response.status}`);
    const body = new Uint8Array(await response.arrayBuffer());
    heard();
    // It was captured after we asked, so this age is never too young. The box has no placeholder for a snapshot: it answers 503.
    if (response.ok) offer(picture(body, askedMs, false));
    await pause(time, Math.max(50, askedMs + snapshotEveryMs(wish) - time.nowMs()));
  };
}

/**
 * @param {string} id
 * @param {Wish} wish
 * @param {Time} time
 * @param {(picture: Picture) => void} offer
 * @param {() => void} giveUp called when MJPEG does not get through here
 * @returns {Attempt}
 */
export function mjpeg(id, wish, time, offer, giveUp) {
  let chances = MJPEG_CHANCES;
  return async (signal, heard) => {
    const clock = new ArrivalClock();
    try {
      for await (const part of parts(picturePath(id, "mjpeg", wish), signal)) {
        heard();
        chances = MJPEG_CHANCES;
        const nowMs = time.nowMs();
        const capturedMs = Number(part.headers.get("x-timestamp") ?? NaN) * 1000;
        const capturedLocalMs = Number.isFinite(capturedMs) ? clock.toLocalMs(capturedMs, nowMs) : nowMs;
        offer(picture(part.body, capturedLocalMs, part.headers.get("x-placeholder") === "1"));
      }
      throw new Error("the MJPEG stream ended");
    } catch (error) {
      chances -= 1;
      if (chances <= 0) giveUp();
      throw error;
    }
  };
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function* parts(path, signal) {
  const response = await fetch(path, { signal, cache: "no-store" });
  if (!response.ok || !response.body) throw new Error(`MJPEG: ${response.status}`);
  const reader = response.body.getReader();
  const multipart = new MultipartReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield* multipart.push(read.value);
  } finally {
    await reader.cancel().catch(() => {}); // already aborted is what we want
  }
}

/**
 * @param {Uint8Array} payload
 * @param {number} capturedLocalMs
 * @param {boolean} placeholder
 * @returns {Picture}
 */
function picture(payload, capturedLocalMs, placeholder) {
  return { payload, capturedLocalMs, placeholder, lost: 0, drawn: null };
}
