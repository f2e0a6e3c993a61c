/**
 * Keeps the newest item only: one being worked on, one waiting. A third takes the place of the one that waits,
 * so work that is too slow loses items and never time.
 * @template Item
 */
export class Newest {
  /** @type {Item | null} */
  #waiting = null;
  #busy = false;
  #work;
  /** How many items lost their place. */
  replaced = 0;

  /** @param {(item: Item) => Promise<void>} work must not reject */
  constructor(work) {
    this.#work = work;
  }

  /** @param {Item} item */
  offer(item) {
    if (this.#waiting !== null) this.replaced += 1;
    this.#waiting = item;
    if (!this.#busy) void this.#run();
  }

  async #run() {
    this.#busy = true;
    try {
      while (this.#waiting !== null) {
        const item = this.#waiting;
        this.#waiting = null;
        await this.#work(item);
      }
    } finally {
      this.#busy = false;
    }
  }
}
