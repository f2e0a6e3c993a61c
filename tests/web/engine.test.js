import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Engine } from "../../web/watching/engine.js";

const MESSAGE = Uint8Array.from(readFileSync(new URL("../fixtures/frame_message.bin", import.meta.url)));
const WISH = { preset: "auto", fps: null, large: false };

/** A socket that remembers what was said, and says what it is told to. */
class FakeSocket {
  static last = null;
  sent = [];
  constructor() {
    FakeSocket.last = this;
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {}
  says(type, data) {
    this.onmessage({ data: JSON.stringify({ type, data }) });
  }
  frame(slot, number) {
    const bytes = MESSAGE.slice();
    bytes[3] = slot;
    new DataView(bytes.buffer).setUint32(8, number);
    this.onmessage({ data: bytes.buffer });
  }
  acks() {
    return this.sent.filter(({ type }) => type === "ack").map(({ data }) => data);
  }
}

const canvas = () => ({ width: 0, height: 0, getContext: () => ({ drawImage: () => {} }) });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An engine with these streams joined, whose time stands still but for `it.nowMs`. */
async function watching(context, ids, more) {
  const it = { nowMs: 1000, decodeMs: 0, broken: false };
  const before = { WebSocket: globalThis.WebSocket, self: globalThis.self, createImageBitmap: globalThis.createImageBitmap };
  context.after(() => Object.assign(globalThis, before));
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    self: { location: { protocol: "http:", host: "box" } },
    createImageBitmap: async () => {
      await null; // as a browser does: never within the message that brought it
      it.nowMs += it.decodeMs;
      if (it.broken) throw new Error("no JPEG");
      return { width: 640, height: 360, close: () => {} };
    },
  });
  const engine = new Engine(null, { nowMs: () => it.nowMs, after: () => () => {} }, () => {});
  for (const id of ids) {
    engine.handle({ type: "add", id, canvas: canvas() });
    engine.handle({ type: "watch", id, wish: WISH });
  }
  it.socket = FakeSocket.last;
  it.socket.onopen();
  ids.forEach((id, slot) => it.socket.says("stream_info", { stream_id: id, slot, running: true, fps: 30, ...more }));
  return it;
}

test("each frame drawn is acknowledged, with the time it took since it arrived", async (context) => {
  const it = await watching(context, ["front"], { numbers: null });
  assert.deepEqual(it.socket.sent.find(({ type }) => type === "join_stream").data, { stream_id: "front", preset: "auto" });
  it.decodeMs = 12.34;
  it.socket.frame(0, 7);
  await turn();
  assert.deepEqual(it.socket.acks(), [{ stream_id: "front", frame_number: 7, drawn_after_ms: 12.3 }]);
});

test("waiting for the picture before counts as drawing time; one that lost its place is not acknowledged", async (context) => {
  const it = await watching(context, ["front"], { numbers: null });
  it.decodeMs = 10;
  for (const number of [1, 2, 3]) it.socket.frame(0, number);
  await turn();
  assert.deepEqual(it.socket.acks().map(({ frame_number, drawn_after_ms }) => [frame_number, drawn_after_ms]), [[1, 10], [3, 20]]);
});

test("a picture that cannot be drawn is acknowledged without a time, so that the next one comes", async (context) => {
  const it = await watching(context, ["front"], { numbers: null });
  context.mock.method(console, "warn", () => {});
  it.broken = true;
  it.socket.frame(0, 7);
  await turn();
  assert.deepEqual(it.socket.acks(), [{ stream_id: "front", frame_number: 7 }]);
});

test("an older box is told nothing it would refuse", async (context) => {
  const it = await watching(context, ["front"], {});
  it.socket.frame(0, 7);
  await turn();
  assert.deepEqual(it.socket.acks(), [{ stream_id: "front", frame_number: 7 }]);
});

test("four streams at 30 fps cost the player little: what is left of a second is for decoding", async (context) => {
  const ids = ["front", "garage", "desk", "yard"];
  const it = await watching(context, ids, { numbers: null });
  const cpu = process.cpuUsage();
  const seconds = 10;
  for (let number = 0; number < 30 * seconds; number += 1) {
    it.nowMs += 1000 / 30;
    for (const slot of ids.keys()) it.socket.frame(slot, number);
    await turn();
  }
  const { user, system } = process.cpuUsage(cpu);
  assert.equal(it.socket.acks().length, 4 * 30 * seconds);
  const share = (user + system) / 1e6 / seconds;
  context.diagnostic(`${(share * 100).toFixed(2)} % of a core`);
  assert.ok(share < 0.1, `${share} of a core`);
});
