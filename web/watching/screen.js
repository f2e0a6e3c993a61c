/** One stream's canvas and what can be said about the pictures on it. Draws the newest picture only, one at a time. */

import { Meter } from "../model/meter.js";
import { Newest } from "../model/newest.js";

/** @typedef {import("../types.js").Picture} Picture */

export class Screen {
  #canvas;
  #context;
  #nowMs;
  /** @type {Newest<Picture>} */
  #newest = new Newest((picture) => this.#show(picture));
  #drawn = new Meter();
  #bytes = new Meter();
  #framesDrawn = 0;
  #lost = 0;
  #placeholder = false;
  /** @type {number | null} */
  #capturedLocalMs = null;

  /**
   * @param {OffscreenCanvas | HTMLCanvasElement} canvas
   * @param {() => number} nowMs
   */
  constructor(canvas, nowMs) {
    this.#canvas = canvas;
    this.#context = context(canvas);
    this.#nowMs = nowMs;
  }

  /** @param {Picture} picture */
  offer(picture) {
    this.#bytes.add(this.#nowMs(), picture.payload.byteLength);
    this.#lost = picture.lost;
    this.#newest.offer(picture);
  }

  figures() {
    const nowMs = this.#nowMs();
    return {
      framesDrawn: this.#framesDrawn,
      ageMs: this.#capturedLocalMs === null ? null : Math.max(0, nowMs - this.#capturedLocalMs),
      placeholder: this.#placeholder,
      width: this.#canvas.width,
      height: this.#canvas.height,
      fps: this.#drawn.perSecond(nowMs),
      kbytesPerS: this.#bytes.perSecond(nowMs) / 1000,
      dropped: this.#lost + this.#newest.replaced,
      replaced: this.#newest.replaced,
    };
  }

  /** @param {Picture} picture */
  async #show(picture) {
    const begunMs = this.#nowMs();
    let shown = false;
    try {
      const blob = new Blob([/** @type {BlobPart} */ (picture.payload)], { type: "image/jpeg" });
      this.#draw(await createImageBitmap(blob));
      this.#placeholder = picture.placeholder;
      if (!picture.placeholder) this.#capturedLocalMs = picture.capturedLocalMs ?? begunMs;
      shown = true;
    } catch (error) {
      console.warn("a picture could not be shown:", error);
    } finally {
      // Also after a failure: the box waits for word of each picture before it sends more.
      picture.drawn?.(shown);
    }
  }

  /** @param {ImageBitmap} bitmap */
  #draw(bitmap) {
    const { width, height } = bitmap;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#context.drawImage(bitmap, 0, 0);
    bitmap.close(); // left to the garbage collector, bitmaps fill a phone's memory in minutes
    this.#framesDrawn += 1;
    this.#drawn.add(this.#nowMs());
  }
}

/**
 * @param {OffscreenCanvas | HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D}
 */
function context(canvas) {
  const found = /** @type {HTMLCanvasElement} */ (canvas).getContext("2d", { alpha: false });
  if (!found) throw new Error("this browser cannot draw");
  return found;
}
