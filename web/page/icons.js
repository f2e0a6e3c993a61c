/** The icons, drawn here so that no style or script hides in the HTML and nothing is fetched. 24 × 24, one stroke. */

/** @type {Record<string, string>} */
const PATHS = {
  play: "M7.5 5v14l11-7z",
  stop: "M6 6h12v12H6z",
  snapshot: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 10a3.3 3.3 0 1 0 0 6.6a3.3 3.3 0 1 0 0-6.6",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  info: "M4 19v-6M9.3 19V5M14.6 19v-9M20 19v-4",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5M8 14.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5",
  back: "M14.5 5.5L8 12l6.5 6.5",
  add: "M12 5v14M5 12h14",
  help: "M8.5 9.2a3.5 3.5 0 1 1 5 3.1c-1 .5-1.5 1.2-1.5 2.2M12 17.8v.2",
  reset: "M4.5 5v4.5H9M5 9.5A7.5 7.5 0 1 1 4.6 14",
  close: "M6 6l12 12M18 6L6 18",
};

const SVG = "http://www.w3.org/2000/svg";

/** @param {ParentNode} root every `[data-icon]` in it gets its drawing */
export function drawIcons(root) {
  for (const place of root.querySelectorAll("[data-icon]")) setIcon(place, place.getAttribute("data-icon") ?? "");
}

/**
 * @param {Element} place
 * @param {string} name
 */
export function setIcon(place, name) {
  if (place.firstElementChild && place.getAttribute("data-icon") === name) return;
  place.setAttribute("data-icon", name);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  place.replaceChildren(svg);
}
