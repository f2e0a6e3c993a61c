import assert from "node:assert/strict";
import { test } from "node:test";
import { Joins } from "../../web/watching/joins.js";

const WISH = { preset: null, fps: null, large: false };

function box() {
  const said = [];
  const box = { said, nowMs: 0 };
  box.joins = new Joins((type, data) => said.push([type, data]), () => box.nowMs);
  return box;
}

const info = (id, slot, more = {}) => ({ stream_id: id, slot, running: true, fps: 30, ...more });

function frame(slot) {
  const bytes = new Uint8Array(24);
  bytes.set([1, 1, 1, slot]);
  return bytes.buffer;
}

test("joins, changes and leaves; what is left out is the stream's own", () => {
  const { joins, said } = box();
  joins.join("front", WISH);
  joins.change("front", { ...WISH, preset: "low", fps: 15 });
  joins.change("front", { ...WISH, preset: "low", fps: 15, large: true });
  joins.leave("front");
  assert.deepEqual(said, [
    ["join_stream", { stream_id: "front" }],
    ["set_preset", { stream_id: "front", preset: "low", fps: 15 }],
    ["leave_stream", { stream_id: "front" }],
  ]);
});

test("a frame belongs to whoever the box gave the slot last", () => {
  const { joins } = box();
  joins.join("front", WISH);
  assert.equal(joins.frame(frame(0)), null, "not before the box said which slot");
  joins.told(info("front", 0));
  assert.equal(joins.frame(frame(0)).id, "front");
  assert.equal(joins.frame(frame(1)), null);
  joins.leave("front");
  joins.join("garage", WISH);
  assert.equal(joins.frame(frame(0)), null, "a late frame of the stream that was left");
  joins.told(info("garage", 0));
  assert.equal(joins.frame(frame(0)).id, "garage");
});

test("only a box that measures is told how long drawing takes", () => {
  const { joins } = box();
  joins.join("front", WISH);
  joins.told(info("front", 0));
  assert.equal(joins.frame(frame(0)).measured, false, "an older box refuses words it does not know");
  joins.told(info("front", 0, { numbers: null }));
  assert.equal(joins.frame(frame(0)).measured, true);
});

test("a new link joins everything again, also what a stopping box removed", () => {
  const { joins, said } = box();
  joins.join("front", WISH);
  joins.join("garage", { ...WISH, fps: 15 });
  joins.told(info("front", 0, { running: false }));
  said.length = 0;
  joins.joinAll();
  assert.deepEqual(said, [
    ["join_stream", { stream_id: "front" }],
    ["join_stream", { stream_id: "garage", fps: 15 }],
  ]);
  assert.equal(joins.frame(frame(0)), null, "slots of the old link mean nothing on the new one");
});

test("a stream that is no more needs no leave", () => {
  const { joins, said } = box();
  joins.join("front", WISH);
  said.length = 0;
  joins.forget("front");
  joins.leave("front");
  assert.deepEqual(said, []);
});

test("a silent stream is joined anew, a stopped one may be silent", () => {
  const it = box();
  it.joins.join("front", WISH);
  it.joins.join("garage", WISH);
  it.joins.told(info("garage", 1, { running: false }));
  it.said.length = 0;
  it.nowMs = 3000;
  it.joins.tick();
  assert.deepEqual(it.said, []);
  it.nowMs = 3001;
  it.joins.tick();
  assert.deepEqual(it.said.map(([type, data]) => [type, data.stream_id]), [
    ["leave_stream", "front"],
    ["join_stream", "front"],
  ]);
});
