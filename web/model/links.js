/** The addresses of a stream, as the page fetches them and as people copy them. Pure. */

/** @typedef {import("../types.js").Choice} Choice */

/**
 * @param {string} id
 * @param {"mjpeg" | "snapshot.jpg"} what
 * @param {Choice} choice
 */
export function picturePath(id, what, { preset, fps }) {
  const choice = { preset, fps: what === "mjpeg" ? fps : null };
  return `/api/streams/${encodeURIComponent(id)}/${what}${query(choice)}`;
}

/**
 * @param {{protocol: string, host: string}} location
 * @param {string} path
 */
export function socketUrl({ protocol, host }, path) {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}

/**
 * What other programs and people can be given.
 * @param {{protocol: string, host: string}} location
 * @param {string} id
 * @param {Choice} choice
 * @param {boolean} published its pictures come from a program
 * @returns {{label: string, url: string}[]}
 */
export function shareLinks(location, id, choice, published) {
  const origin = `${location.protocol}//${location.host}`;
  const key = encodeURIComponent(id);
  const links = [
    { label: "This page", url: `${origin}/#${key}` },
    { label: "MJPEG video", url: origin + picturePath(id, "mjpeg", choice) },
    { label: "Snapshot", url: origin + picturePath(id, "snapshot.jpg", choice) },
    { label: "WebSocket", url: socketUrl(location, `/ws/viewer/${key}${query(choice)}`) },
  ];
  if (published) links.push({ label: "Send pictures to", url: socketUrl(location, `/ws/stream/${key}`) });
  return links;
}

/** @param {Choice} choice */
function query({ preset, fps }) {
  const query = new URLSearchParams();
  if (preset !== null) query.set("preset", preset);
  if (fps !== null) query.set("fps", String(fps));
  const text = query.toString();
  return text && `?${text}`;
}
