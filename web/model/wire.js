/**
 * The binary WebSocket message: a header of 24 bytes, then the picture; and what is said back. docs/protocol.md describes both;
 * tests/fixtures/frame_message.bin holds a message. Pure: bytes in, values out.
 */

export const HEADER_BYTES = 24;
const VERSION = 1;
const JPEG = 1;
const KEY_FRAME = 1;
const PLACEHOLDER = 2;
const LONGEST_DRAWN_AFTER_MS = 60_000;

/** These bytes are not a frame message this page can show. */
export class FrameError extends Error {}

/**
 * @typedef {object} FrameMessage
 * @property {number} codec
 * @property {boolean} key
 * @property {boolean} placeholder
 * @property {number} slot
 * @property {number} width
 * @property {number} height
 * @property {number} number
 * @property {number} lost
 * @property {number} capturedUs
 * @property {Uint8Array} payload  a window on the message, not a copy
 */

/**
 * @param {ArrayBuffer} message
 * @returns {FrameMessage}
 */
export function parseFrame(message) {
  if (message.byteLength < HEADER_BYTES) throw new FrameError(`a frame message of ${message.byteLength} bytes`);
  const view = new DataView(message);
  const codec = view.getUint8(1);
  if (view.getUint8(0) !== VERSION) throw new FrameError(`frame message version ${view.getUint8(0)}`);
  if (codec !== JPEG) throw new FrameError(`codec ${codec}`);
  const flags = view.getUint8(2);
  return {
    codec,
    key: (flags & KEY_FRAME) !== 0,
    placeholder: (flags & PLACEHOLDER) !== 0,
    slot: view.getUint8(3),
    width: view.getUint16(4),
    height: view.getUint16(6),
    number: view.getUint32(8),
    lost: view.getUint32(12),
    // µs since 1970 stay below 2^53 until the year 2255, so a plain number is exact.
    capturedUs: view.getUint32(16) * 2 ** 32 + view.getUint32(20),
    payload: new Uint8Array(message, HEADER_BYTES),
  };
}

/**
 * "This frame is on screen", so that the box sends the next.
 * @param {string} id
 * @param {number} number
 * @param {number | null} drawnAfterMs from its arrival here; null: it could not be drawn, or the box does not ask
 */
export function ackOf(id, number, drawnAfterMs) {
  const ack = { stream_id: id, frame_number: number };
  if (drawnAfterMs === null) return ack;
  const withinMs = Math.min(LONGEST_DRAWN_AFTER_MS, Math.max(0, drawnAfterMs));
  return { ...ack, drawn_after_ms: Math.round(withinMs * 10) / 10 };
}
