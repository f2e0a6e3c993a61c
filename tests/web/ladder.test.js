import assert from "node:assert/strict";
import { test } from "node:test";
import { Ladder } from "../../web/model/ladder.js";

const failing = (times, httpWorks = true) => {
  const ladder = new Ladder(null);
  for (let time = 0; time < times; time += 1) ladder.linkFailed(httpWorks);
  return ladder;
};

test("two failures are no reason to leave WebSocket, three are", () => {
  assert.equal(failing(2).transport(true, 0), "ws");
  assert.equal(failing(3).transport(true, 0), "mjpeg");
});

test("only the large picture may hold a connection", () => assert.equal(failing(3).transport(false, 0), "snapshot"));

test("a box that is down is no reason either", () => assert.equal(failing(9, false).transport(true, 0), "ws"));

test("one answer leads back up", () => {
  const ladder = failing(5);
  ladder.linkOpened();
  assert.equal(ladder.transport(true, 0), "ws");
});

test("where MJPEG does not get through there are snapshots, for a while", () => {
  const ladder = failing(3);
  ladder.mjpegFailed(1000);
  assert.equal(ladder.transport(true, 1001), "snapshot");
  assert.equal(ladder.transport(true, 31_000), "mjpeg");
});

test("what is forced stays", () => {
  const ladder = new Ladder("snapshot");
  assert.equal(ladder.transport(true, 0), "snapshot");
  assert.equal(ladder.knocks, false);
  assert.equal(new Ladder("ws").knocks, true);
});
