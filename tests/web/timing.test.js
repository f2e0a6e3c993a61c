import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../web/model/backoff.js";
import { ArrivalClock, BoxClock } from "../../web/model/clock.js";
import { Meter } from "../../web/model/meter.js";
import { Readings } from "../../web/model/readings.js";
import { Watchdog } from "../../web/model/watchdog.js";

test("waits double from half a second to eight, and begin anew", () => {
  const backoff = new Backoff({ random: () => 1 });
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(() => backoff.nextMs()), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  backoff.reset();
  assert.equal(backoff.nextMs(), 500);
});

test("jitter takes away up to half", () => assert.equal(new Backoff({ random: () => 0 }).nextMs(), 250));

test("many failures do not overflow", () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let tries = 0; tries < 5000; tries += 1) assert.ok(backoff.nextMs() <= 8000);
});

test("before the first pong the box's time is not known", () => assert.equal(new BoxClock().toLocalMs(1), null));

test("the quickest round trip is believed", () => {
  const clock = new BoxClock();
  clock.learn({ sentMs: 0, receivedMs: 200, boxMs: 5190 }); // slow on the way there
  clock.learn({ sentMs: 1000, receivedMs: 1010, boxMs: 6005 });
  clock.learn({ sentMs: 2000, receivedMs: 2300, boxMs: 7010 }); // slow on the way back
  assert.equal(clock.toLocalMs(9000), 4000);
});

test("old round trips are forgotten", () => {
  const clock = new BoxClock();
  clock.learn({ sentMs: 0, receivedMs: 2, boxMs: 1001 });
  for (let at = 1; at <= 10; at += 1) clock.learn({ sentMs: at * 1000, receivedMs: at * 1000 + 20, boxMs: at * 1000 + 1015 });
  assert.equal(clock.toLocalMs(1005), 0);
});

test("when the box's clock is set, what was known is void", () => {
  const clock = new BoxClock();
  clock.learn({ sentMs: 0, receivedMs: 2, boxMs: 1001 });
  clock.learn({ sentMs: 1000, receivedMs: 1030, boxMs: 3_601_015 });
  assert.equal(clock.toLocalMs(3_600_000), 0);
});

test("a round trip that ended before it began is no sample", () => {
  const clock = new BoxClock();
  clock.learn({ sentMs: 10, receivedMs: 5, boxMs: 0 });
  assert.equal(clock.toLocalMs(0), null);
});

test("without pings the best arrival counts as fresh", () => {
  const clock = new ArrivalClock();
  assert.equal(clock.toLocalMs(1000, 540), 540);
  assert.equal(clock.toLocalMs(2000, 1500), 1500);
  assert.equal(clock.toLocalMs(3000, 2900), 2500);
});

test("the watchdog bites once after three seconds of silence", () => {
  const dog = new Watchdog({ strictMs: 3000, nowMs: 0 });
  assert.equal(dog.bites(3000), false);
  assert.equal(dog.bites(3001), true);
  assert.equal(dog.bites(3002), false);
});

test("on a link too slow for one picture in three seconds the watchdog learns patience, and unlearns it", () => {
  const dog = new Watchdog({ strictMs: 3000, nowMs: 0 });
  assert.equal(dog.bites(3001), true);
  dog.heard(4000);
  assert.equal(dog.bites(9000), false);
  assert.equal(dog.bites(10_001), true);
  for (let nowMs = 11_000; nowMs < 140_000; nowMs += 1000) dog.heard(nowMs);
  assert.equal(dog.bites(143_001), true);
});

test("the meter forgets what is older than two seconds", () => {
  const meter = new Meter();
  for (let atMs = 0; atMs < 2000; atMs += 100) meter.add(atMs, 5);
  assert.equal(meter.perSecond(1999), 50);
  assert.equal(meter.perSecond(2950), 25);
  assert.equal(meter.perSecond(9999), 0);
});

test("a player that says nothing any more does not keep pictures young", () => {
  const readings = new Readings();
  assert.equal(readings.connection, "connecting");
  readings.heard({ type: "figures", connection: "open", streams: { front: { ageMs: 40 }, desk: { ageMs: null } } }, 0);
  assert.equal(readings.of("front", 300).ageMs, 40);
  assert.equal(readings.of("front", 5000).ageMs, 5040);
  assert.equal(readings.of("desk", 5000).ageMs, null);
  assert.equal(readings.of("ghost", 0), undefined);
});

test("a lost WebSocket is noticed once, one that never was is none", () => {
  const readings = new Readings();
  const lost = ["connecting", "down", "open", "down", "connecting", "down"].map((connection) =>
    readings.heard({ type: "figures", connection, streams: {} }, 0),
  );
  assert.deepEqual(lost, [false, false, false, true, false, false]);
});
