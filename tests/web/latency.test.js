import assert from "node:assert/strict";
import { test } from "node:test";
import { STAGES, details, msText, sumText } from "../../web/model/latency.js";

const stages = { camera_ms: 19.34, worker_ms: 6.2, server_ms: 0.4, wire_ms: 61.5, drawn_ms: 3 };
const numbers = { fps: 12, kbytes_per_s: 300, age_ms_p50: 92, age_ms_p95: 140.5, rtt_ms: 84.2, dropped: { unacknowledged: 12, unsent: 0 }, stages };
const figures = { width: 854, height: 480, kbytesPerS: 302.4, dropped: 15, replaced: 1 };
const texts = (...known) => Object.fromEntries(details(...known).map(({ title, text }) => [title, text]));

test("milliseconds are as exact as they are small; unknown is not zero", () => {
  assert.deepEqual([0, 0.04, 0.4, 9.94, 9.96, 140.5].map(msText), ["0.0 ms", "< 0.1 ms", "0.4 ms", "9.9 ms", "10 ms", "141 ms"]);
  assert.deepEqual([null, undefined].map(msText), ["–", "–"]);
});

test("the stages come in the order of a picture's way, and add up", () => {
  assert.deepEqual(STAGES.map(({ key }) => key), Object.keys(stages));
  assert.equal(sumText(stages), "90 ms");
  assert.equal(sumText({ ...stages, drawn_ms: 0 }), "87 ms");
});

test("a sum with a hole in it is a least", () => {
  assert.equal(sumText({ ...stages, camera_ms: null }), "at least 71 ms");
  assert.deepEqual([null, undefined, {}].map(sumText), ["–", "–", "–"]);
});

test("what the box measured, in words", () => {
  const said = texts(figures, { rung: "medium at 12 fps, lean", preset: "medium", numbers });
  assert.equal(said["You get"], "Medium at 12 fps, lean");
  assert.equal(said.Data, "302 KB/s");
  assert.equal(said["Round trip"], "84 ms");
  assert.equal(said["Dropped: too many on the way"], "12");
  assert.equal(said["Dropped: connection full"], "0");
  assert.equal(said["Dropped: not drawn in time"], "1");
});

test("an older box, and one that does not know yet, leave dashes", () => {
  const older = texts(figures, { preset: "high" });
  assert.equal(older["You get"], "High");
  assert.equal(older["Round trip"], "–");
  assert.equal(older["Dropped: connection full"], "–");
  assert.deepEqual(texts(figures, { preset: "high", rung: "", numbers: null }), older);
  assert.deepEqual(texts(figures, { preset: "high", numbers: { ...numbers, dropped: null, rtt_ms: null, age_ms_p50: null, age_ms_p95: null } }), older);
  assert.deepEqual([...new Set(Object.values(texts(undefined, undefined)))], ["–"]);
});
