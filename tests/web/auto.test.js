import assert from "node:assert/strict";
import { test } from "node:test";
import { Hint, autoNow, currentOf, slowWords, wishOf } from "../../web/model/auto.js";

const PRESETS = ["low", "medium", "high", "native"];
const own = { preset: null, fps: null };
const stream = { preset: "high", presets: PRESETS, fps: null, width: 1280, height: 720 };
const best = { height: 720, fps: 30, jpeg_quality: 85 };
const full = { auto: true, rung: "high", preset: "high", presets: PRESETS, width: 1280, height: 720, fps: 30 };
const less = (more, its = stream, preset = best, wishedFps = null) =>
  slowWords({ ...full, ...more }, its, preset, wishedFps).replace("Slow connection: ", "");

test("who chose nothing wishes for auto, a choice is a choice", () => {
  assert.deepEqual(wishOf(own), { preset: "auto", fps: null });
  assert.deepEqual(wishOf({ preset: null, fps: 15 }), { preset: "auto", fps: 15 });
  assert.deepEqual(wishOf({ preset: "low", fps: null }), { preset: "low", fps: null });
});

test("auto says what it comes to now", () => {
  assert.equal(autoNow({ ...full, height: 480, fps: 12 }, own), "480p, 12 fps");
  assert.equal(autoNow({ ...full, fps: 0 }, own), "720p");
  assert.equal(autoNow(full, { preset: "low", fps: null }), "", "somebody who chose gets what was chosen");
  assert.equal(autoNow({ ...full, height: 0 }, own), "");
  assert.equal(autoNow(undefined, own), "");
});

test("the best is no hint, each way down is one", () => {
  assert.equal(less({}), "");
  assert.equal(less({ rung: "high at 15 fps", fps: 15 }), "15 fps");
  assert.equal(less({ rung: "high at 15 fps, lean", fps: 15 }), "15 fps");
  assert.equal(less({ rung: "high, lean" }), "less detail");
  assert.equal(less({ rung: "medium at 12 fps, lean", preset: "medium", height: 480, fps: 12 }), "480p");
  assert.equal(less({ rung: "240 lines at 10 fps", preset: "low", height: 240, fps: 10 }), "240p");
  assert.equal(less({ rung: "high", preset: "high" }, { ...stream, preset: "native" }), "less detail");
});

test("what holds pictures up longer has the blame", () => {
  const said = (wire_ms, drawn_ms) => less({ rung: "high at 15 fps", fps: 15, numbers: { stages: { wire_ms, drawn_ms } } });
  assert.equal(said(90, 3), "15 fps");
  assert.equal(said(1, 60), "Slow device: 15 fps");
  assert.deepEqual([said(null, 60), said(1, null), less({ rung: "high at 15 fps", fps: 15, numbers: null })], ["15 fps", "15 fps", "15 fps"]);
});

test("the best is what the stream has for everyone", () => {
  const medium = { rung: "medium", preset: "medium", height: 480, fps: 24 };
  assert.equal(less(medium, { ...stream, preset: "medium" }, { height: 480, fps: 24, jpeg_quality: 80 }), "");
  assert.equal(less(full, { ...stream, preset: "auto" }, null), "");
  assert.equal(less(medium, { ...stream, preset: "auto" }, null), "480p");
});

test("a small camera, a slow one and a wish for fewer frames are no slow connection", () => {
  assert.equal(less({ height: 480 }, { ...stream, height: 480 }), "");
  assert.equal(less({ rung: "high at 15 fps", fps: 15 }, { ...stream, fps: 15 }), "");
  assert.equal(less({ rung: "high at 15 fps", fps: 15 }, stream, best, 15), "");
});

test("a chosen quality, an older box and a picture that came otherwise have no hint", () => {
  assert.equal(less({ auto: false, rung: "low", preset: "low", height: 320 }), "");
  assert.equal(less({ auto: undefined, rung: undefined, preset: "low", height: 320 }), "");
  assert.equal(slowWords(undefined, stream, best, null), "");
  assert.equal(currentOf(full, { transport: "ws", connection: "open" }), full);
  assert.equal(currentOf(full, { transport: "mjpeg", connection: "open" }), undefined);
  assert.equal(currentOf(full, { transport: "ws", connection: "down" }), undefined);
  assert.equal(currentOf(full, undefined), undefined);
});

test("what the board cannot do is not the connection's fault", () => {
  const words = (more) => slowWords({ ...full, ...more }, stream, best, null);
  assert.equal(words({ reduced: "the board is 81 °C hot", preset: "low", height: 320 }), "Reduced: the board is 81 °C hot");
  assert.equal(words({ reduced: "the board is 81 °C hot", auto: false }), "Reduced: the board is 81 °C hot");
  assert.equal(words({ reduced: "" }), "");
});

test("a hint waits until its cause has lasted, and goes by itself", () => {
  const hint = new Hint();
  const seen = [["480p", 0], ["", 900], ["480p", 1000], ["480p", 2900], ["480p", 3000], ["", 3500], ["", 5499], ["", 5500]];
  assert.deepEqual(seen.map(([text, nowMs]) => hint.next(text, nowMs)), ["", "", "", "", "480p", "480p", "480p", ""]);
});

test("it changes at most once a second", () => {
  const hint = new Hint();
  let [changes, shown] = [0, ""];
  for (let nowMs = 0; nowMs < 12_000; nowMs += 250) {
    const now = hint.next(nowMs % 500 ? "480p" : "320p", nowMs);
    if (now !== shown) changes += 1;
    shown = now;
  }
  assert.ok(changes > 2 && changes <= 10, String(changes));
});
