/** All tiles: which there are, which one is large, which are in sight and therefore watched. */

import { step } from "../model/keys.js";
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
    this.#root.dataset.count = String(ids.size);
  }

  /** @param {string | null} id */
  show(id) {
    if (this.single === id) return;
    const before = this.single;
    if (id === null) delete this.#root.dataset.single;
    else this.#root.dataset.single = id;
    for (const tile of this.#tiles.values()) tile.element.hidden = id !== null && tile.id !== id;
    if (id === null && before !== null) this.#tiles.get(before)?.cover.focus();
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

  /** @param {"left" | "right" | "up" | "down"} by */
  moveFocus(by) {
    const tiles = [...this.#tiles.values()];
    if (tiles.length === 0) return;
    const top = tiles[0].element.offsetTop;
    const columns = tiles.filter((tile) => tile.element.offsetTop === top).length;
    const from = tiles.findIndex((tile) => tile.id === this.focused);
    tiles[from === -1 ? 0 : step(from, by, columns, tiles.length)].cover.focus();
  }

  /** @param {string} id */
  #add(id) {
    const tile = new Tile(id, this.#act);
    this.#tiles.set(id, tile);
    this.#player.add(id, tile.canvas);
    tile.element.hidden = this.single !== null && this.single !== id;
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
