import assert from "node:assert/strict";
import { test } from "node:test";
import { isOff, scaleOf, valueText, whyNot } from "../../web/model/controls.js";
import { Wishes } from "../../web/model/wishes.js";

const control = (more) => ({
  id: "x", name: "X", kind: "integer", value: 0, default: 0, minimum: 0, maximum: 10, step: 1, unit: "", choices: [], active: true,
  held_by: "", read_only: false, ...more,
});

test("a slider gives only values that the camera takes", () => {
  const contrast = scaleOf(control({ minimum: 3, maximum: 100, step: 5 }));
  assert.deepEqual([contrast.toValue(3), contrast.toValue(7), contrast.toValue(99)], [3, 8, 98]);
  const gain = scaleOf(control({ kind: "number", minimum: 1, maximum: 2, step: 0.1 }));
  assert.equal(gain.toValue(1.3000000000000003), 1.3);
});

test("a wide range moves by factors, from end to end, and back to where it was", () => {
  const exposure = scaleOf(control({ minimum: 3, maximum: 2047 }));
  assert.equal(exposure.toValue(exposure.min), 3);
  assert.equal(exposure.toValue(exposure.max), 2047);
  assert.ok(exposure.toValue(exposure.max / 2) < 100);
  for (const value of [3, 4, 50, 333, 2046, 2047]) assert.equal(exposure.toValue(exposure.toPosition(value)), value);
  assert.equal(exposure.toPosition(0), 0, "a camera may say less than its least");
});

test("what has no ends has no slider", () => {
  assert.equal(scaleOf(control({ maximum: null })), null);
  assert.equal(scaleOf(control({ minimum: 4, maximum: 4 })), null);
});

test("values read as people write them", () => {
  const text = (value, more) => valueText(control(more), value);
  assert.equal(text(3, { unit: "100 µs" }), "300 µs");
  assert.equal(text(25, { unit: "100 µs" }), "2.5 ms");
  assert.equal(text(20000, { unit: "100 µs" }), "2 s");
  assert.equal(text(66666, { unit: "µs" }), "67 ms");
  assert.equal(text(4600, { unit: "K" }), "4600 K");
  assert.equal(text(-36000, { unit: "″" }), "-10°");
  assert.equal(text(90, { unit: "°" }), "90°");
  assert.equal(text(0.30000000000000004, {}), "0.3");
  assert.equal(text(true, { kind: "boolean" }), "On");
  assert.equal(text(1, { kind: "menu", choices: [{ value: 1, label: "50 Hz" }] }), "50 Hz");
  assert.equal(text(7, { kind: "menu" }), "7");
  assert.equal(text(null, {}), "–");
});

test("why a control cannot be moved, and whether it is off its default", () => {
  const all = [control({ id: "auto", name: "Auto Exposure" })];
  assert.equal(whyNot(control({ active: false, held_by: "auto" }), all), "Auto Exposure decides this now.");
  assert.equal(whyNot(control({ active: false }), all), "The camera decides this now.");
  assert.equal(whyNot(control({ active: false, read_only: true }), all), "");
  assert.equal(whyNot(control(), all), "");
  assert.equal(isOff(control({ value: 1 })), true);
  assert.equal(isOff(control({ value: 1, default: null })), false);
  assert.equal(isOff(control({ value: true, default: false, read_only: true })), false);
});

test("one request at a time, the newest of each control, and the last one always", async () => {
  const sent = [];
  const answers = [];
  const wishes = new Wishes((values) => {
    sent.push(values);
    return new Promise((resolve) => answers.push(resolve));
  });
  for (let value = 0; value < 50; value += 1) wishes.wish("brightness", value);
  wishes.wish("gain", null);
  assert.deepEqual(sent, [{ brightness: 0 }]);
  assert.equal(wishes.of("brightness"), 49);
  assert.equal(wishes.of("gain"), null);
  assert.equal(wishes.of("hue"), undefined);
  answers[0]();
  await new Promise(setImmediate);
  assert.deepEqual(sent[1], { brightness: 49, gain: null });
  assert.equal(wishes.of("brightness"), 49, "still on its way");
  answers[1]();
  await new Promise(setImmediate);
  assert.equal(sent.length, 2);
  assert.equal(wishes.of("brightness"), undefined);
  assert.equal(wishes.settled, true);
});
