import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FrameError, HEADER_BYTES, ackOf, parseFrame } from "../../web/model/wire.js";

const fixture = (name) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const bytes = () => Uint8Array.from(fixture("frame_message.bin")).buffer;

test("the fixture says what Python says it says", () => {
  const { payload_hex, captured_us, ...expected } = JSON.parse(fixture("frame_message.json").toString());
  const { payload, capturedUs, ...found } = parseFrame(bytes());
  assert.deepEqual(found, expected);
  assert.equal(capturedUs, captured_us);
  assert.equal(Buffer.from(payload).toString("hex"), payload_hex);
});

test("the payload is a window on the message, not a copy", () => {
  const message = bytes();
  assert.equal(parseFrame(message).payload.buffer, message);
});

test("an acknowledgement says how long drawing took, within what the box takes", () => {
  const said = [12.3456, 0, -1, 1e9].map((ms) => ackOf("front", 7, ms).drawn_after_ms);
  assert.deepEqual(said, [12.3, 0, 0, 60_000]);
  assert.deepEqual(ackOf("front", 7, null), { stream_id: "front", frame_number: 7 });
});

test("the largest numbers are exact", () => {
  const message = new Uint8Array(HEADER_BYTES).fill(0xff);
  message.set([1, 1, 0]);
  message.set([0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 16);
  const found = parseFrame(message.buffer);
  assert.equal(found.number, 0xffffffff);
  assert.equal(found.capturedUs, Number.MAX_SAFE_INTEGER);
  assert.equal(found.payload.length, 0);
});

for (const [what, spoil] of [
  ["too short", (message) => message.slice(0, HEADER_BYTES - 1)],
  ["another version", (message) => spoiled(message, 0, 2)],
  ["another codec", (message) => spoiled(message, 1, 2)],
]) {
  test(`${what} is refused`, () => assert.throws(() => parseFrame(spoil(bytes())), FrameError));
}

function spoiled(message, at, value) {
  new Uint8Array(message)[at] = value;
  return message;
}
