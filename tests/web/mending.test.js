import assert from "node:assert/strict";
import { test } from "node:test";
import { dated, mendingWords } from "../../web/model/mending.js";
import { Roster } from "../../web/model/roster.js";

const told = (more = {}) => ({ step: "new_worker", attempt: 4, next_in_s: 8, last_reason: "busy", ...more });

test("a countdown goes by the page's own clock", () => {
  const recovery = dated(told(), 1000, null);
  assert.deepEqual([1000, 1001, 8000, 8999, 9000, 60_000].map((nowMs) => mendingWords(recovery, nowMs)), [
    "Trying again in 8 s, attempt 4.",
    "Trying again in 8 s, attempt 4.",
    "Trying again in 1 s, attempt 4.",
    "Trying again in 1 s, attempt 4.",
    "Trying again, attempt 4.",
    "Trying again, attempt 4.",
  ]);
});

test("each step has its words", () => {
  assert.equal(mendingWords(dated(told({ step: "wait_for_hotplug", next_in_s: null }), 0, null), 0), "Waiting for it.");
  assert.equal(mendingWords(dated(told({ step: "usb_reset" }), 0, null), 0), "Switching its USB port off and on.");
  assert.equal(mendingWords(null, 0), "");
  assert.equal(mendingWords(undefined, 0), "");
});

test("a message that took longer than the one before does not move the countdown, another step does", () => {
  const before = dated(told(), 1000, null);
  assert.equal(dated(told({ next_in_s: 7.1 }), 2000, before), before);
  assert.notEqual(dated(told({ next_in_s: 8 }), 4000, before), before);
  assert.notEqual(dated(told({ attempt: 5 }), 1000, before), before);
  const waits = dated(told({ next_in_s: null }), 1000, before);
  assert.equal(waits.dueMs, null);
  assert.equal(dated(told({ next_in_s: null }), 9000, waits), waits);
});

test("the roster keeps what is done, whichever way it is told, and it is no news each second", () => {
  const stream = { id: "front", name: "Front", status: "offline", reason: "busy", running: true, preset: "high", presets: ["high"], jpeg_quality: null, viewers: 1 };
  const info = (recovery) => ({ ...stream, stream_id: "front", recovery });
  const roster = new Roster();
  roster.listed([{ ...stream, recovery: told() }], 1000);
  assert.equal(mendingWords(roster.get("front").recovery, 2000), "Trying again in 7 s, attempt 4.");
  assert.equal(roster.told(info(told({ next_in_s: 6.5 })), 2600), false);
  assert.equal(roster.told(info(told({ attempt: 5 })), 9000), true);
  assert.equal(mendingWords(roster.get("front").recovery, 9000), "Trying again in 8 s, attempt 5.");
  assert.equal(roster.told(info(null), 12_000), true);
  assert.equal(roster.get("front").recovery, null);
});
