/** What the box says about itself now and then: the numbers of its presets, how it fares, and what it warns of. */

import { presetOf } from "../model/presets.js";
import { api } from "./api.js";
import { BoardFacts } from "./board_facts.js";
import { Poll } from "./poll.js";

/** @typedef {import("../types.js").Preset} Preset */

const EVERY_MS = 10_000;

export class Status {
  #poll = new Poll(EVERY_MS, () => this.#fetch());
  #board = new BoardFacts();
  #warn;
  /** What people change on this page is to outlive a restart. */
  keeps = false;
  /** @type {Record<string, Preset>} */
  #presets = {};

  /** @param {(warnings: string[]) => void} warn */
  constructor(warn) {
    this.#warn = warn;
  }

  start() {
    this.#poll.now();
  }

  /**
   * @param {import("../types.js").Stream} stream
   * @param {import("../types.js").Choice} choice
   * @returns {Preset | null} null: its numbers are not known, as those of the camera's own pictures
   */
  presetFor(stream, choice) {
    return this.#presets[presetOf(stream, choice)] ?? null;
  }

  async #fetch() {
    const status = await api.status().catch(() => null);
    if (!status) return;
    this.#presets = status.presets ?? {};
    this.keeps = status.configuration?.keeps ?? false;
    this.#board.show(status.board, status.reduction?.why);
    this.#warn(status.warnings ?? []);
  }
}
