/** All tiles: which there are, which one is large, which are in sight and therefore watched. */

import { step } from "../model/keys.js";
import { setAttribute } from "./elements.js";
import { Tile } from "./tile.js";

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {import("./player.js").Player} Player */
/** @typedef {import("./tile.js").TileAction} TileAction */

const MOST_WATCHED = 16; // as many as the box lets one connection join

export class Stage {
  #root;
  #player;
  #choice;
  #act;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Map<string, string>} what the player was told last, per stream */
  #wishes = new Map();
  #observer = new IntersectionObserver((entries) => this.#seen(entries));

  /**
   * @param {HTMLElement} root
   * @param {Player} player
   * @param {(id: string) => Choice} choice
   * @param {(action: TileAction, id: string) => void} act
   */
  constructor(root, player, choice, act) {
    this.#root = root;
    this.#player = player;
    this.#choice = choice;
    this.#act = act;
    document.addEventListener("visibilitychange", () => this.settle());
  }

  /** @returns {string | null} the one that is large */
  get single() {
    return this.#root.dataset.single ?? null;
  }

  get tiles() {
    return this.#tiles;
  }

  /** @param {Stream[]} streams */
  setStreams(streams) {
    const ids = new Set(streams.map((stream) => stream.id));
    for (const [id, tile] of this.#tiles) if (!ids.has(id)) this.#drop(id, tile);
    streams.forEach(({ id }, index) => {
      const tile = this.#tiles.get(id) ?? this.#add(id);
      if (this.#root.children[index] !== tile.element) this.#root.insertBefore(tile.element, this.#root.children[index]);
    });
    setAttribute(this.#root, "data-count", String(ids.size));
  }

  /** @param {string | null} id */
  show(id) {
    if (this.single === id) return;
    const before = this.single;
    const focused = this.focused;
    const onCover = document.activeElement?.matches(".cover") ?? false;
    if (id === null) delete this.#root.dataset.single;
    else this.#root.dataset.single = id;
    for (const tile of this.#tiles.values()) this.#place(tile);
    if (id === null && before !== null) this.#tiles.get(before)?.cover.focus();
    // What had the keyboard is not there any more.
    else if (id !== null && focused !== null && (focused !== id || onCover)) this.#tiles.get(id)?.focusName();
    this.settle();
  }

  /** Tell the player what is in sight now, and in what quality. */
  settle() {
    const watched = document.hidden ? [] : [...this.#tiles.values()].filter((tile) => tile.onScreen).slice(0, MOST_WATCHED);
    for (const { id } of this.#tiles.values()) {
      const wish = watched.some((tile) => tile.id === id) ? { ...this.#choice(id), large: this.single === id } : null;
      const said = JSON.stringify(wish);
      if (this.#wishes.get(id) === said) continue;
      this.#wishes.set(id, said);
      this.#player.tell(wish ? { type: "watch", id, wish } : { type: "unwatch", id });
    }
  }

  /** @param {string} id */
  isWatched(id) {
    return (this.#wishes.get(id) ?? "null") !== "null";
  }

  /** @returns {string | null} the tile with the keyboard's attention */
  get focused() {
    const tile = document.activeElement?.closest(".tile");
    return tile instanceof HTMLElement ? (tile.dataset.streamId ?? null) : null;
  }

  /** To where the settings of the large stream were opened. */
  focusSettings() {
    this.#tiles.get(this.single ?? "")?.focusSettings();
  }

  /**
   * @param {"left" | "right" | "up" | "down"} by
   * @returns {boolean} false: there is nothing in that direction, or nobody is in the grid yet and wants to scroll
   */
  moveFocus(by) {
    const tiles = [...this.#tiles.values()];
    const from = tiles.findIndex((tile) => tile.id === this.focused);
    if (tiles.length === 0 || (from === -1 && (by === "up" || by === "down"))) return false;
    const top = tiles[0].element.offsetTop;
    const columns = tiles.filter((tile) => tile.element.offsetTop === top).length;
    const to = from === -1 ? 0 : step(from, by, columns, tiles.length);
    if (to !== from) tiles[to].cover.focus();
    return to !== from;
  }

  /** @param {Tile} tile */
  #place(tile) {
    tile.element.hidden = this.single !== null && this.single !== tile.id;
    tile.setLarge(this.single === tile.id);
  }

  /** @param {string} id */
  #add(id) {
    const tile = new Tile(id, this.#act);
    this.#tiles.set(id, tile);
    this.#player.add(id, tile.canvas);
    this.#place(tile);
    this.#observer.observe(tile.screen);
    return tile;
  }

  /**
   * @param {string} id
   * @param {Tile} tile
   */
  #drop(id, tile) {
    this.#observer.unobserve(tile.screen);
    this.#player.tell({ type: "remove", id });
    this.#tiles.delete(id);
    this.#wishes.delete(id);
    tile.element.remove();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      for (const tile of this.#tiles.values()) if (tile.screen === target) tile.onScreen = isIntersecting;
    }
    this.settle();
  }
}
