import assert from "node:assert/strict";
import { test } from "node:test";
import { MultipartError, MultipartReader } from "../../web/model/multipart.js";

const B = "--boundarydonotcross";
const head = (length, at) => `Content-Type: image/jpeg\r\nContent-Length: ${length}\r\nX-Timestamp: ${at}\r\n\r\n`;
const stream = Buffer.from(`${B}\r\n${head(4, "1.5")}\r\n\r\n\r\n${B}\r\n${head(3, "2.25")}abc\r\n${B}--\r\n`);

const read = (chunkBytes) => {
  const reader = new MultipartReader();
  const parts = [];
  for (let at = 0; at < stream.length; at += chunkBytes) parts.push(...reader.push(stream.subarray(at, at + chunkBytes)));
  return parts.map(({ headers, body }) => [headers.get("x-timestamp"), Buffer.from(body).toString()]);
};

for (const chunkBytes of [1, 2, 7, 64, 4096]) {
  test(`the same parts come out of chunks of ${chunkBytes} bytes`, () => {
    assert.deepEqual(read(chunkBytes), [["1.5", "\r\n\r\n"], ["2.25", "abc"]]);
  });
}

test("a picture is there as soon as its last byte is, not with the next boundary", () => {
  assert.equal(new MultipartReader().push(Buffer.from(`${B}\r\n${head(3, "1")}abc`)).length, 1);
});

for (const [what, text] of [
  ["a part without a length", `${B}\r\nContent-Type: image/jpeg\r\n\r\nabc`],
  ["a length that is none", `${B}\r\n${head("-1", "1")}`],
  ["a length without measure", `${B}\r\n${head("9999999999", "1")}`],
  ["a head without end", "x".repeat(5000)],
]) {
  test(`${what} is refused`, () => assert.throws(() => new MultipartReader().push(Buffer.from(text)), MultipartError));
}
