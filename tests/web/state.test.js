import assert from "node:assert/strict";
import { test } from "node:test";
import { badge, duration, remark } from "../../web/model/state.js";

const live = { watching: true, connection: "open", running: true, status: "live", reason: "", placeholder: false, ageMs: 80, intervalMs: 33 };
const on = (facts) => badge({ ...live, ...facts });

test("a fresh picture is live", () => assert.deepEqual(on({}), { state: "LIVE", label: "Live", detail: "" }));

test("a reason beside a live picture does not make it less live", () => {
  assert.equal(on({ reason: "no USB camera found: showing the test pattern" }).state, "LIVE");
});

test("a picture more than a second old is delayed, and the age grows", () => {
  assert.equal(on({ ageMs: 1000 }).state, "LIVE");
  assert.deepEqual(on({ ageMs: 1001 }), { state: "DELAYED", label: "Delayed 1 s", detail: "" });
  assert.equal(on({ ageMs: 12_900 }).label, "Delayed 12 s");
});

test("one picture a second is not late after one second", () => {
  assert.equal(on({ ageMs: 1900, intervalMs: 1000 }).state, "LIVE");
  assert.equal(on({ ageMs: 2600, intervalMs: 1000 }).state, "DELAYED");
});

test("a placeholder never counts as live, whatever the status says", () => {
  assert.equal(on({ placeholder: true }).state, "STARTING");
  assert.equal(on({ ageMs: null }).state, "STARTING");
});

test("offline says why, and how old the picture is that still stands there", () => {
  const facts = { status: "offline", reason: "the camera was unplugged", ageMs: 4200 };
  assert.deepEqual(on(facts), { state: "OFFLINE", label: "Offline", detail: "The camera was unplugged, last picture 4 s ago" });
  assert.equal(on({ ...facts, placeholder: true }).detail, "The camera was unplugged");
});

test("and what the box does about it", () => {
  const facts = { status: "offline", reason: "the camera was unplugged", placeholder: true, mending: "Waiting for it." };
  assert.equal(on(facts).detail, "The camera was unplugged. Waiting for it.");
  assert.equal(on({ ...facts, placeholder: false, ageMs: 4200 }).detail, "The camera was unplugged, last picture 4 s ago. Waiting for it.");
  assert.equal(on({ ...facts, reason: "" }).detail, "Waiting for it.");
  assert.equal(on({ ...facts, status: "live", placeholder: false }).detail, "");
});

test("stopped is not broken, and what the box calls it does not matter", () => {
  assert.deepEqual(on({ status: "offline", reason: "angehalten", running: false }), { state: "STOPPED", label: "Stopped", detail: "" });
  assert.equal(on({ status: "offline", reason: "stopped" }).state, "OFFLINE");
});

test("under the name stands what the box says, unless it is of the past or on the badge already", () => {
  assert.equal(remark(on({}), "no USB camera found: showing the test pattern"), "No USB camera found: showing the test pattern");
  assert.equal(remark(on({ connection: "down" }), "this box is stopping"), "");
  assert.equal(remark(on({ status: "offline", running: false }), "stopped"), "");
  assert.equal(remark(on({ status: "starting", reason: "starting" }), "starting"), "");
});

test("starting says why, where there is more to say", () => {
  assert.equal(on({ status: "starting", reason: "starting" }).detail, "");
  assert.equal(on({ reason: "showing the test pattern", ageMs: null }).detail, "");
  assert.deepEqual(on({ status: "starting", reason: "opening" }), { state: "STARTING", label: "Starting", detail: "Opening" });
});

test("without a connection nothing else matters", () => {
  for (const status of ["live", "starting", "offline"]) {
    assert.equal(on({ connection: "down", status }).state, "RECONNECTING");
  }
  assert.equal(on({ connection: "down", ageMs: 9000 }).detail, "Last picture 9 s ago");
});

test("the first connection is not called a reconnection", () => {
  assert.equal(on({ connection: "connecting", ageMs: null }).label, "Connecting");
  assert.equal(on({ connection: "connecting", ageMs: 5000 }).label, "Reconnecting");
});

test("what nobody sees is paused", () => assert.equal(on({ watching: false, connection: "down" }).state, "PAUSED"));

test("durations are short", () => {
  assert.deepEqual([0, 1999, 99_000, 100_000, 5_999_000, 7_200_000].map(duration), ["1 s", "1 s", "99 s", "1 min", "99 min", "2 h"]);
});
