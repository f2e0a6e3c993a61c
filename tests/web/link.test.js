import assert from "node:assert/strict";
import { test } from "node:test";
import { Link } from "../../web/watching/link.js";

/** A clock that goes only when told, with timers on it. */
class FakeTime {
  #nowMs = 0;
  #timers = new Set();
  nowMs = () => this.#nowMs;
  after = (delayMs, action) => {
    const timer = { dueMs: this.#nowMs + delayMs, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  pass(ms) {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].filter(({ dueMs }) => dueMs <= this.#nowMs)) {
      if (this.#timers.delete(timer)) timer.action();
    }
  }
}

function network() {
  const time = new FakeTime();
  const it = { time, sockets: [], happened: [] };
  const open = () => {
    const socket = { sent: [], closed: false, send: (text) => socket.sent.push(JSON.parse(text)), close: () => (socket.closed = true) };
    it.sockets.push(socket);
    return socket;
  };
  const note = (what) => () => it.happened.push(what);
  const events = { opened: note("opened"), told: note("told"), frame: note("frame"), proven: note("proven"), failed: note("failed") };
  it.link = new Link(open, time, events);
  it.answer = (time_s) => {
    const socket = it.sockets.at(-1);
    const { data } = socket.sent.at(-1);
    socket.onmessage({ data: JSON.stringify({ type: "pong", data: { t: data.t, time: time_s } }) });
  };
  return it;
}

test("it opens once, pings, and learns the box's clock from the pong", () => {
  const it = network();
  it.link.start();
  it.link.start();
  assert.equal(it.sockets.length, 1);
  it.sockets[0].onopen();
  it.time.pass(10);
  it.answer(100.005);
  assert.deepEqual(it.happened, ["opened", "proven"]);
  assert.equal(it.link.connection, "open");
  assert.equal(it.link.clock.toLocalMs(100_000), 0);
});

test("silence closes it, and it is opened again after a while", () => {
  const it = network();
  it.link.start();
  it.sockets[0].onopen();
  it.answer(1);
  it.time.pass(3001);
  it.link.tick();
  assert.equal(it.sockets[0].closed, true);
  assert.equal(it.link.connection, "down");
  it.time.pass(500);
  assert.equal(it.sockets.length, 2);
});

test("a closed link that never answered has failed, one that did has not", () => {
  const it = network();
  it.link.start();
  it.sockets[0].onclose();
  assert.deepEqual(it.happened, ["failed"]);
  it.time.pass(1000);
  it.sockets[1].onopen();
  it.answer(1);
  it.sockets[1].onclose();
  assert.deepEqual(it.happened, ["failed", "opened", "proven"]);
});

test("good news does not wait for the next try", () => {
  const it = network();
  it.link.start();
  it.sockets[0].onclose();
  it.link.wake();
  assert.equal(it.sockets.length, 2);
  it.time.pass(10_000);
  assert.equal(it.sockets.length, 2, "the planned try is off");
});

test("at rest it holds nothing and plans nothing", () => {
  const it = network();
  it.link.start();
  it.link.rest();
  assert.equal(it.sockets[0].closed, true);
  it.time.pass(60_000);
  it.link.tick();
  assert.equal(it.sockets.length, 1);
  it.link.start();
  assert.equal(it.sockets.length, 2);
});

test("a socket left behind has no say any more", () => {
  const it = network();
  it.link.start();
  it.sockets[0].onopen();
  it.time.pass(9000);
  it.link.tick();
  assert.deepEqual([it.sockets[0].onclose, it.sockets[0].onmessage], [null, null]);
});
