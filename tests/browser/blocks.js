// Reads the machine-readable blocks of the test pattern from pixels (layout: appliance/cameras/blocks.py) and watches a picture for a
// while. `watchPicture(selector, seconds)` resolves to what was seen: for each new frame its number, its age and when it was seen.
"use strict";

function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

function readBlocks(picture, width, height) {
  const cell = width / 64;
  const canvas = new OffscreenCanvas(Math.ceil(32 * cell), Math.ceil(3 * cell));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 16 * cell, height - 5 * cell, 32 * cell, 3 * cell, 0, 0, 32 * cell, 3 * cell);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array(12);
  for (let index = 0; index < 96; index += 1) {
    const x = Math.floor(((index % 32) + 0.5) * cell);
    const y = Math.floor((Math.floor(index / 32) + 0.5) * cell);
    const at = 4 * (y * canvas.width + x);
    const luma = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    if (luma >= 128) bytes[index >> 3] |= 0x80 >> (index & 7);
  }
  const view = new DataView(bytes.buffer);
  if (crc16(bytes.subarray(0, 10)) !== view.getUint16(10)) return null;
  return { number: view.getUint32(0), timeMs: view.getUint16(4) * 2 ** 32 + view.getUint32(6) };
}

window.watchPicture = (selector, seconds) =>
  new Promise((resolve) => {
    const seen = [];
    let unreadable = 0;
    const until = performance.now() + seconds * 1000;
    const look = () => {
      const picture = document.querySelector(selector);
      const [width, height] = [picture?.naturalWidth ?? picture?.width, picture?.naturalHeight ?? picture?.height];
      const read = width > 64 ? readBlocks(picture, width, height) : null;
      if (!read) unreadable += 1;
      else if (read.number !== seen.at(-1)?.number) {
        const now = Date.now();
        seen.push({ number: read.number, ageMs: now - read.timeMs, atMs: now, width, height });
      }
      if (performance.now() < until) requestAnimationFrame(look);
      else resolve({ seen, unreadable });
    };
    look();
  });
