/** Fills the screen with an element. An iPhone gives the screen to nothing but video, so there the element fills the window. */

const FILLING = "filling";

/** @param {HTMLElement} element */
export async function toggleFullscreen(element) {
  if (isFilling()) leaveFilling();
  else if (document.fullscreenElement) await document.exitFullscreen();
  else if (element.requestFullscreen) await element.requestFullscreen().catch(() => element.classList.add(FILLING));
  else element.classList.add(FILLING);
}

export function isFilling() {
  return document.querySelector(`.${FILLING}`) !== null;
}

/** @returns {boolean} something was left */
export function leaveFilling() {
  const element = document.querySelector(`.${FILLING}`);
  element?.classList.remove(FILLING);
  return element !== null;
}
