import assert from "node:assert/strict";
import { test } from "node:test";
import { Newest } from "../../web/model/newest.js";

function slowWork() {
  const begun = [];
  const ends = [];
  const work = (item) => new Promise((resolve) => (begun.push(item), ends.push(resolve)));
  const end = async () => (ends.shift()(), await new Promise((resolve) => setImmediate(resolve)));
  return { begun, end, newest: new Newest(work) };
}

test("one is worked on at a time, and the newest comes next", async () => {
  const { begun, end, newest } = slowWork();
  for (const item of [1, 2, 3, 4]) newest.offer(item);
  assert.deepEqual(begun, [1]);
  await end();
  assert.deepEqual(begun, [1, 4]);
  assert.equal(newest.replaced, 2);
});

test("after a rest it begins at once", async () => {
  const { begun, end, newest } = slowWork();
  newest.offer(1);
  await end();
  newest.offer(2);
  assert.deepEqual(begun, [1, 2]);
  assert.equal(newest.replaced, 0);
});
