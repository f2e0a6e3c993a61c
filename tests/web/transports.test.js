import assert from "node:assert/strict";
import { test } from "node:test";
import { Transports } from "../../web/model/transports.js";

const failing = (times, httpWorks = true) => {
  const transports = new Transports(null);
  for (let time = 0; time < times; time += 1) transports.linkFailed(httpWorks);
  return transports;
};

test("two failures are no reason to leave WebSocket, three are", () => {
  assert.equal(failing(2).transport(true, 0), "ws");
  assert.equal(failing(3).transport(true, 0), "mjpeg");
});

test("only the large picture may hold a connection", () => assert.equal(failing(3).transport(false, 0), "snapshot"));

test("a box that is down is no reason either", () => assert.equal(failing(9, false).transport(true, 0), "ws"));

test("one answer leads back up", () => {
  const transports = failing(5);
  transports.linkOpened();
  assert.equal(transports.transport(true, 0), "ws");
});

test("where MJPEG does not get through there are snapshots, for a while", () => {
  const transports = failing(3);
  transports.mjpegFailed(1000);
  assert.equal(transports.transport(true, 1001), "snapshot");
  assert.equal(transports.transport(true, 31_000), "mjpeg");
});

test("what is forced stays", () => {
  const transports = new Transports("snapshot");
  assert.equal(transports.transport(true, 0), "snapshot");
  assert.equal(transports.knocks, false);
  assert.equal(new Transports("ws").knocks, true);
});
