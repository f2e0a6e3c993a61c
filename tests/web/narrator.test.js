import assert from "node:assert/strict";
import { test } from "node:test";
import { Narrator } from "../../web/page/narrator.js";

const PRESETS = ["low", "medium", "high"];
const stream = { id: "front", name: "Front door", status: "live", reason: "", running: true, preset: "high", presets: PRESETS, fps: null, height: 720 };
const figures = { transport: "ws", connection: "open", framesDrawn: 9, placeholder: false, ageMs: 80, intervalMs: 33, width: 1280, height: 720 };
const full = { auto: true, rung: "high", preset: "high", presets: PRESETS, height: 720, fps: 30 };
const slow = { ...full, rung: "medium", preset: "medium", height: 480, fps: 24 };
const known = (info, more = {}) => ({
  stream, figures, info, choice: { preset: null, fps: null }, best: { height: 720, fps: 30, jpeg_quality: 85 }, watching: true, ...more,
});

/** Four times a second for so long, as the page does it. */
function tell(narrator, what, fromMs, forMs) {
  let words = null;
  for (let nowMs = fromMs; nowMs < fromMs + forMs; nowMs += 250) words = narrator.words(what, nowMs);
  return words;
}

test("a slow connection is said once when it begins and once when it ends, whatever happens in between", () => {
  const aloud = [];
  const narrator = new Narrator((text) => aloud.push(text));
  assert.equal(tell(narrator, known(full), 0, 5000).slow, "");
  assert.equal(tell(narrator, known(slow), 5000, 6000).slow, "Slow connection: 480p");
  assert.equal(tell(narrator, known({ ...slow, rung: "low", preset: "low", height: 320 }), 11_000, 6000).slow, "Slow connection: 320p");
  assert.equal(tell(narrator, known(full), 17_000, 6000).slow, "");
  assert.deepEqual(aloud, ["Front door: Slow connection: 480p", "Front door: Full quality again"]);
});

test("new numbers each second are no news", () => {
  const aloud = [];
  const narrator = new Narrator((text) => aloud.push(text));
  const first = tell(narrator, known({ ...full, numbers: { rtt_ms: 1 } }), 0, 3000);
  const later = tell(narrator, known({ ...full, numbers: { rtt_ms: 9 }, dropped: 4 }), 3000, 3000);
  assert.deepEqual(later, first);
  assert.deepEqual(aloud, []);
});

test("without live pictures there is no word of the connection's quality", () => {
  const aloud = [];
  const narrator = new Narrator((text) => aloud.push(text));
  tell(narrator, known(slow), 0, 6000);
  const gone = tell(narrator, known(undefined, { figures: { ...figures, connection: "down" } }), 6000, 6000);
  assert.equal(gone.slow, "");
  assert.equal(gone.badge.state, "RECONNECTING");
  assert.deepEqual(aloud, ["Front door: Slow connection: 480p", "Front door: Reconnecting, Last picture 1 s ago"]);
});

test("an offline camera says what is done about it, and the countdown is not said aloud each second", () => {
  const aloud = [];
  const narrator = new Narrator((text) => aloud.push(text));
  const recovery = { step: "new_worker", attempt: 4, next_in_s: null, last_reason: "", dueMs: 10_000 };
  const lost = { ...stream, status: "offline", reason: "/dev/video0 is busy: another program uses it", recovery };
  const told = (nowMs) => tell(narrator, known(undefined, { stream: lost, figures: { ...figures, placeholder: true } }), nowMs, 250).badge.detail;
  assert.equal(told(2000), "/dev/video0 is busy: another program uses it. Trying again in 8 s, attempt 4.");
  for (let nowMs = 3000; nowMs < 9000; nowMs += 1000) told(nowMs);
  assert.equal(told(10_000), "/dev/video0 is busy: another program uses it. Trying again, attempt 4.");
  assert.ok(aloud.length <= 1, aloud.join("; "));
});

test("the line under the name says that nothing was chosen, or what was", () => {
  const note = (preset) => tell(new Narrator(() => {}), known(full, { choice: { preset, fps: null } }), 0, 250).note;
  assert.deepEqual([null, "high"].map(note), ["1280 × 720 · Auto", "1280 × 720 · High"]);
});
