/** The part of the panel that says how the box fares: one line while it is well, what is wrong above it, the rest for who asks. */

import { boardLine, boardRows } from "../model/board.js";
import { find, setHidden, setText } from "./elements.js";

/** @typedef {import("../types.js").Board} Board */

export class BoardFacts {
  #root = find("#box");
  #line = find("#box-line");
  #concerns = find("#box-concerns");
  #facts = find("#box-facts");
  /** What is drawn, so that what somebody has marked to copy it stays marked. */
  #drawn = "";

  /**
   * @param {Board | undefined} board undefined: an older box, which says nothing of itself
   * @param {string} [reducedWhy] why everybody gets less than they chose
   */
  show(board, reducedWhy) {
    setHidden(this.#root, !board);
    if (!board) return;
    const concerns = [...(reducedWhy ? [`Reduced: ${reducedWhy}.`] : []), ...board.concerns];
    setText(this.#line, boardLine(board));
    const drawn = JSON.stringify([boardRows(board), concerns]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#concerns.replaceChildren(...concerns.map((text) => made("li", text)));
    this.#facts.replaceChildren(...boardRows(board).map(row));
  }
}

/** @param {{title: string, text: string}} row */
function row({ title, text }) {
  const line = document.createElement("div");
  line.append(made("dt", title), made("dd", text));
  return line;
}

/**
 * @param {string} tag
 * @param {string} text
 */
function made(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
