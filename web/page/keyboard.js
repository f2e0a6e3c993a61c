/** Keys for the whole page. A field or a dialog that has the keyboard keeps it, and what an arrow does not move, it scrolls. */

import { meaning } from "../model/keys.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("../model/keys.js").Meaning} Meaning */

/** @param {App} app */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const wanted = meaning(event);
    if (wanted && !isKept(wanted, event.target) && follow(app, wanted)) event.preventDefault();
  });
}

/**
 * @param {Meaning} wanted
 * @param {EventTarget | null} target
 */
function isKept({ act }, target) {
  if (act === "back" || !(target instanceof Element)) return false;
  return target.closest(act === "move" ? "#panel, input, select, textarea" : "input, select, textarea") !== null;
}

/**
 * @param {App} app
 * @param {Meaning} wanted
 * @returns {boolean} the browser shall not make something of this key, too
 */
function follow(app, wanted) {
  if (wanted.act === "move") return app.move(wanted.by);
  if (wanted.act === "choose") app.choose(wanted.index);
  else if (wanted.act === "back") app.back();
  else if (wanted.act === "help") app.help();
  else app.actOnCurrent(wanted.act);
  return wanted.act === "help";
}
