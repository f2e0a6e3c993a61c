import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster } from "../../web/model/roster.js";

const stream = (id, more = {}) => ({ id, name: id, status: "live", reason: "", running: true, preset: "high", presets: ["high"], viewers: 0, ...more });
const info = (id, more = {}) => ({ ...stream(id), stream_id: id, jpeg_quality: null, ...more });

test("news changes the stream, but not its preset: that of the news is this viewer's", () => {
  const roster = new Roster();
  roster.listed([stream("front")], 0);
  roster.told(info("front", { status: "offline", reason: "unplugged", running: false, preset: "low" }), 5);
  assert.equal(roster.get("front").reason, "unplugged");
  assert.equal(roster.get("front").running, false);
  assert.equal(roster.get("front").preset, "high");
});

test("new numbers alone change nothing of the stream, and are there for who asks", () => {
  const roster = new Roster();
  roster.listed([stream("front", { jpeg_quality: null })], 0);
  const before = roster.get("front");
  assert.equal(roster.told(info("front", { numbers: { rtt_ms: 3 }, dropped: 7 }), 5), false);
  assert.equal(roster.get("front"), before);
  assert.equal(roster.infoOf("front").numbers.rtt_ms, 3);
  assert.equal(roster.told(info("front", { viewers: 2 }), 6), true);
  assert.equal(roster.get("front").viewers, 2);
});

test("a list asked for before the news does not undo it, a later one does", () => {
  const roster = new Roster();
  roster.listed([stream("front")], 0);
  roster.told(info("front", { status: "offline" }), 10);
  roster.listed([stream("front")], 9);
  assert.equal(roster.get("front").status, "offline");
  roster.listed([stream("front")], 11);
  assert.equal(roster.get("front").status, "live");
});

test("news about a stream that is not listed makes none", () => {
  const roster = new Roster();
  roster.told(info("ghost"), 0);
  assert.deepEqual(roster.streams, []);
});

test("a stream just made survives a list that was on its way", () => {
  const roster = new Roster();
  roster.added(stream("new"), 10);
  roster.listed([stream("front")], 9);
  assert.deepEqual(roster.streams.map(({ id }) => id), ["front", "new"]);
  roster.listed([stream("front")], 11);
  assert.deepEqual(roster.streams.map(({ id }) => id), ["front"]);
});
