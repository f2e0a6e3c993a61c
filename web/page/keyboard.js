/** Keys for the whole page. A field or a dialog that has the keyboard keeps it. */

import { meaning } from "../model/keys.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("../model/keys.js").Meaning} Meaning */

/** @param {App} app */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const wanted = meaning(event);
    const field = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (!wanted || (field && wanted.act !== "back")) return;
    if (wanted.act === "move" || wanted.act === "help") event.preventDefault();
    follow(app, wanted);
  });
}

/**
 * @param {App} app
 * @param {Meaning} wanted
 */
function follow(app, wanted) {
  if (wanted.act === "choose") app.choose(wanted.index);
  else if (wanted.act === "move") app.move(wanted.by);
  else if (wanted.act === "back") app.back();
  else if (wanted.act === "help") app.help();
  else app.actOnCurrent(wanted.act);
}
