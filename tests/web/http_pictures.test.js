import assert from "node:assert/strict";
import { test } from "node:test";
import { wishOf } from "../../web/model/auto.js";
import { mjpeg, snapshotEveryMs, snapshots } from "../../web/watching/http_pictures.js";

const WISH = { preset: null, fps: null, large: true };
const time = { nowMs: () => 0, after: (delayMs, action) => (setImmediate(action), () => {}) };

/** What an attempt offers when the box answers so. */
async function offered(context, begin, response) {
  context.mock.method(globalThis, "fetch", async () => response);
  const pictures = [];
  const attempt = begin((picture) => pictures.push(picture));
  await attempt(new AbortController().signal, () => {}).catch(() => {}); // an MJPEG stream that ends is a failure
  return pictures;
}

test("over MJPEG a placeholder is known for one", async (context) => {
  const part = (more) => `--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n${more}\r\nabc\r\n`;
  const body = part("X-Timestamp: 1.5\r\nX-Placeholder: 1\r\n") + part("X-Timestamp: 2.5\r\n");
  const begin = (offer) => mjpeg("front", WISH, time, offer, () => {});
  const pictures = await offered(context, begin, new Response(body));
  assert.deepEqual(pictures.map(({ placeholder }) => placeholder), [true, false]);
});

test("HTTP too is asked for what the connection carries", async (context) => {
  const wish = { ...WISH, ...wishOf({ preset: null, fps: null }) };
  const asked = [];
  context.mock.method(globalThis, "fetch", async (path) => (asked.push(path), new Response("", { status: 503 })));
  for (const begin of [mjpeg("front", wish, time, () => {}, () => {}), snapshots("front", wish, time, () => {})]) {
    await begin(new AbortController().signal, () => {}).catch(() => {}); // there is no picture
  }
  assert.deepEqual(asked, ["/api/streams/front/mjpeg?preset=auto", "/api/streams/front/snapshot.jpg?preset=auto"]);
});

test("no snapshot is no picture", async (context) => {
  const begin = (offer) => snapshots("front", WISH, time, offer);
  assert.deepEqual(await offered(context, begin, new Response("{}", { status: 503 })), []);
  assert.equal((await offered(context, begin, new Response("abc"))).length, 1);
});

test("the large picture comes more often", () => {
  assert.ok(snapshotEveryMs(WISH) < snapshotEveryMs({ ...WISH, large: false }));
});
