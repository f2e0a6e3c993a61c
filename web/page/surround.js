/** What stands around the tiles: header, title, the empty and the unreachable page, words for screen readers. */

import { find, setAttribute, setHidden, setText } from "./elements.js";

/** @typedef {import("../types.js").Stream} Stream */

/**
 * @typedef {object} Around
 * @property {Stream[]} streams
 * @property {Stream | null} single
 * @property {string | null} wanted  the stream in the address
 * @property {boolean | null} reachable  null: not known yet
 * @property {import("../types.js").Connection} link
 */

const PRODUCT = "Camera";

export class Surround {
  #connection = find("#connection");
  #words = find("#connection .words");
  #aloud = find("#aloud");

  /** @param {Around} around */
  show({ streams, single, wanted, reachable, link }) {
    const none = streams.length === 0;
    setHidden(find("#empty"), !(none && reachable === true));
    setHidden(find("#unreachable"), !(none && reachable === false));
    setHidden(find("#stage"), none);
    setHidden(find("#back"), wanted === null || streams.length < 2);
    setHidden(find("#product"), !find("#back").hidden);
    setHidden(find("#overview"), single !== null); // a large stream has its name for a heading
    setHidden(find("#add"), reachable !== true);
    document.body.classList.toggle("has-single", single !== null);
    document.title = single ? `${single.name || single.id} – ${PRODUCT}` : PRODUCT;
    this.#showConnection(connectionWords(reachable, link, streams.length > 0));
  }

  /** @param {string} text */
  say(text) {
    setText(this.#aloud, text);
  }

  /** @param {{state: string, words: string}} connection */
  #showConnection({ state, words }) {
    setAttribute(this.#connection, "data-connection", state);
    setText(this.#words, words);
  }
}

/**
 * @param {boolean | null} reachable
 * @param {import("../types.js").Connection} link
 * @param {boolean} watching
 */
function connectionWords(reachable, link, watching) {
  if (reachable === null) return { state: "connecting", words: "Connecting" };
  if (!reachable && (link !== "open" || !watching)) return { state: "down", words: "Cannot reach the box" };
  if (link === "down" && watching) return { state: "open", words: "Connected by HTTP" };
  return { state: "open", words: "Connected" };
}
