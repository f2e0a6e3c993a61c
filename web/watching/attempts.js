/** Tries something over HTTP again and again: waits longer after each failure, hangs up on silence. */

import { Backoff } from "../model/backoff.js";
import { Watchdog } from "../model/watchdog.js";

/** @typedef {import("../types.js").Connection} Connection */
/** @typedef {import("../types.js").Time} Time */

/**
 * @callback Attempt
 * @param {AbortSignal} signal
 * @param {() => void} heard  to be called whenever the box says something
 * @returns {Promise<void>} resolved: again at once; rejected: again after a while
 */

const SILENCE_MS = 4000;

export class Attempts {
  /** @type {Connection} */
  connection = "connecting";
  #attempt;
  #time;
  #backoff = new Backoff();
  #watchdog;
  #stopped = false;
  #controller = new AbortController();

  /**
   * @param {Attempt} attempt
   * @param {Time} time
   */
  constructor(attempt, time) {
    this.#attempt = attempt;
    this.#time = time;
    this.#watchdog = new Watchdog({ strictMs: SILENCE_MS, nowMs: time.nowMs() });
    void this.#run();
  }

  stop() {
    this.#stopped = true;
    this.#controller.abort();
  }

  tick() {
    if (this.#watchdog.bites(this.#time.nowMs())) this.#controller.abort();
  }

  async #run() {
    while (!this.#stopped) {
      this.#controller = new AbortController();
      this.#watchdog.heard(this.#time.nowMs());
      try {
        await this.#attempt(this.#controller.signal, () => this.#heard());
      } catch (error) {
        if (this.#stopped) return;
        console.debug("trying again:", error);
        this.connection = "down";
        await pause(this.#time, this.#backoff.nextMs());
      }
    }
  }

  #heard() {
    this.connection = "open";
    this.#backoff.reset();
    this.#watchdog.heard(this.#time.nowMs());
  }
}

/**
 * @param {Time} time
 * @param {number} delayMs
 * @returns {Promise<void>}
 */
export function pause(time, delayMs) {
  return new Promise((resolve) => time.after(delayMs, resolve));
}
