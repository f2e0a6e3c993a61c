import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../web/model/announcer.js";
import { Choices } from "../../web/model/choices.js";
import { ageText, figuresLine, noteOf, presetTitle } from "../../web/model/figures.js";
import { meaning, step } from "../../web/model/keys.js";
import { picturePath, shareLinks, socketUrl } from "../../web/model/links.js";
import { presetOf, ratesOffered } from "../../web/model/presets.js";

const key = (name, more = {}) => meaning({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });
const own = { preset: null, fps: null };

test("keys mean what the help says", () => {
  assert.deepEqual(key("3"), { act: "choose", index: 2 });
  assert.deepEqual(key("ArrowUp"), { act: "move", by: "up" });
  assert.equal(key("f").act, "fullscreen");
  assert.equal(key("x"), null);
  assert.equal(key("f", { ctrlKey: true }), null, "Ctrl+F belongs to the browser");
});

test("steps stay inside the grid", () => {
  assert.equal(step(0, "left", 2, 5), 0);
  assert.equal(step(1, "down", 2, 5), 3);
  assert.equal(step(3, "down", 2, 5), 3);
  assert.equal(step(4, "up", 2, 5), 2);
});

test("addresses carry the viewer's choice, and odd ids", () => {
  assert.equal(picturePath("front", "mjpeg", own), "/api/streams/front/mjpeg");
  assert.equal(picturePath("a b", "mjpeg", { preset: "low", fps: 15 }), "/api/streams/a%20b/mjpeg?preset=low&fps=15");
  assert.equal(picturePath("front", "snapshot.jpg", { preset: null, fps: 15 }), "/api/streams/front/snapshot.jpg");
});

test("links follow the page's own scheme", () => {
  assert.equal(socketUrl({ protocol: "https:", host: "box:8443" }, "/ws"), "wss://box:8443/ws");
  const links = shareLinks({ protocol: "http:", host: "192.0.2.7:8000" }, "front", { preset: "low", fps: null }, true);
  assert.deepEqual(links.map(({ url }) => url), [
    "http://192.0.2.7:8000/#front",
    "http://192.0.2.7:8000/api/streams/front/mjpeg?preset=low",
    "http://192.0.2.7:8000/api/streams/front/snapshot.jpg?preset=low",
    "ws://192.0.2.7:8000/ws/viewer/front?preset=low",
    "ws://192.0.2.7:8000/ws/stream/front",
  ]);
});

test("only changes that last are said aloud, once", () => {
  const announcer = new Announcer();
  assert.equal(announcer.isNews("front", "LIVE", 0), false);
  assert.equal(announcer.isNews("front", "LIVE", 2000), false, "a picture at first goes without saying");
  assert.equal(announcer.isNews("front", "RECONNECTING", 3000), false);
  assert.equal(announcer.isNews("front", "LIVE", 3500), false, "it was gone for half a second");
  assert.equal(announcer.isNews("front", "OFFLINE", 5000), false);
  assert.equal(announcer.isNews("front", "OFFLINE", 6500), true);
  assert.equal(announcer.isNews("front", "OFFLINE", 7000), false);
  assert.equal(announcer.isNews("front", "LIVE", 8000), false);
  assert.equal(announcer.isNews("front", "LIVE", 9500), true);
});

test("choices last, and a preset that is gone is no choice", () => {
  const kept = new Map();
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  const choices = new Choices(storage);
  choices.choose("front", { preset: "low", fps: 15 });
  choices.info = true;
  const later = new Choices(storage);
  assert.equal(later.info, true);
  assert.deepEqual(later.of("front", ["low"]), { preset: "low", fps: 15 });
  assert.deepEqual(later.of("front", ["high"]), { preset: null, fps: 15 });
  assert.deepEqual(later.of("other", ["high"]), own);
});

test("a browser that keeps nothing, or nonsense, still works", () => {
  const refusing = { getItem: () => "{nonsense", setItem: () => assert.fail("refused") };
  for (const storage of [null, refusing]) {
    const choices = new Choices(storage);
    choices.choose("front", { preset: "low", fps: null });
    assert.equal(choices.of("front", ["low"]).preset, "low");
  }
});

test("numbers read well", () => {
  const figures = { width: 1280, height: 720, fps: 29.96, kbytesPerS: 2410.4, ageMs: 83.6, dropped: 2, transport: "ws" };
  assert.deepEqual(figuresLine(figures), ["1280 × 720", "30.0 fps", "2410 KB/s", "84 ms old", "2 dropped", "WebSocket"]);
  assert.deepEqual([0, 40, 100, 101].map(ageText), ["0.0 s", "0.1 s", "0.1 s", "0.2 s"]);
  assert.deepEqual(["auto", "high", "night_mode"].map(presetTitle), ["Auto", "High", "Night mode"]);
});

test("the line under the name tells what this viewer sees, in its real size", () => {
  const live = { state: "LIVE", label: "Live", detail: "" };
  const drawn = { framesDrawn: 1, placeholder: false, width: 568, height: 320 };
  assert.equal(noteOf(live, "", drawn, "low"), "568 × 320 · Low");
  assert.equal(noteOf(live, "", { ...drawn, placeholder: true }, "low"), "Low");
  assert.equal(noteOf(live, "", undefined, "low"), "Low");
  assert.equal(noteOf(live, "showing the test pattern", drawn, "low"), "Showing the test pattern");
});

test("the preset is the viewer's, else the stream's", () => {
  assert.deepEqual([null, "auto", "low"].map((preset) => presetOf({ preset: "high" }, { preset, fps: null })), ["high", "high", "low"]);
});

test("no rate above the preset's is offered, nor above the one set for everybody", () => {
  assert.deepEqual(ratesOffered({ fps: null }, { fps: 15, jpeg_quality: 70 }), [15]);
  assert.deepEqual(ratesOffered({ fps: 24 }, { fps: 30, jpeg_quality: 85 }), [24, 15]);
  assert.deepEqual(ratesOffered({ fps: null }, null), [30, 24, 15]);
});
