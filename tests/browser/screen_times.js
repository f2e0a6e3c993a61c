// Plays a camera and watches what becomes of its pictures, on one clock. `screenTimes(producerPath, picture, wanted)` pushes `count`
// JPEGs of 1280x720, each of another colour, one per `everyMs`, and resolves to how long after its push each was seen in `picture`, ms;
// null for those never seen. A picture counts as seen when a canvas gets it from the <img>: that is what the next paint shows.
"use strict";

const LEVELS = [16, 96, 176, 240]; // of a colour channel: far enough apart for JPEG, and none is the placeholder's grey
const SIZE = { width: 1280, height: 720 };

function colourOf(number) {
  return [1, 4, 16].map((digit) => LEVELS[Math.floor(number / digit) % 4]);
}

async function jpegOf(number) {
  const canvas = new OffscreenCanvas(SIZE.width, SIZE.height);
  const context = canvas.getContext("2d");
  for (let x = 0; x < SIZE.width; x += 8) {
    for (let y = 0; y < SIZE.height; y += 8) {
      context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`; // so that the picture has a camera's bytes
      context.fillRect(x, y, 8, 8);
    }
  }
  context.fillStyle = `rgb(${colourOf(number)})`;
  context.fillRect(0, 0, SIZE.width, 64);
  return (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.7 })).arrayBuffer();
}

function numberIn(picture, context) {
  if (picture?.naturalWidth !== SIZE.width) return null;
  context.drawImage(picture, 0, 0, 32, 32, 0, 0, 1, 1);
  const [...seen] = context.getImageData(0, 0, 1, 1).data.subarray(0, 3);
  const digits = seen.map((value) => LEVELS.findIndex((level) => Math.abs(value - level) < 12));
  return digits.includes(-1) ? null : digits[0] + 4 * digits[1] + 16 * digits[2];
}

window.screenTimes = async (producerPath, picture, { count, everyMs }) => {
  const pictures = await Promise.all(Array.from({ length: count }, (_, index) => jpegOf(index + 1)));
  const pushedMs = new Array(count).fill(null);
  const seenMs = new Array(count).fill(null);
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const producer = new WebSocket(`ws://${location.host}${producerPath}`);
  await new Promise((opened) => (producer.onopen = opened));
  const beganMs = performance.now();
  return new Promise((resolve) => {
    pictures.forEach((jpeg, index) =>
      setTimeout(() => {
        pushedMs[index] = performance.now();
        producer.send(jpeg);
      }, index * everyMs),
    );
    const look = () => {
      const index = (numberIn(picture, context) ?? 0) - 1;
      if (index >= 0 && seenMs[index] === null) seenMs[index] = performance.now();
      if (performance.now() < beganMs + (count + 1) * everyMs) requestAnimationFrame(look);
      else {
        producer.close();
        resolve({
          delaysMs: seenMs.map((seen, at) => (seen === null ? null : seen - pushedMs[at])),
          bytes: pictures.map((jpeg) => jpeg.byteLength),
        });
      }
    };
    look();
  });
};
