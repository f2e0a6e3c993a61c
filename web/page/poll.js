/** Asks again and again while somebody looks at the page. */
export class Poll {
  #everyMs;
  #ask;
  #asking = false;
  #again = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {number} everyMs
   * @param {() => Promise<void>} ask must not reject
   */
  constructor(everyMs, ask) {
    this.#everyMs = everyMs;
    this.#ask = ask;
    document.addEventListener("visibilitychange", () => this.now());
  }

  /** Do not wait for the next turn. */
  now() {
    clearTimeout(this.#timer);
    if (this.#asking) this.#again = true;
    else void this.#turn();
  }

  async #turn() {
    if (document.hidden) return;
    this.#asking = true;
    this.#again = false;
    await this.#ask();
    this.#asking = false;
    this.#timer = setTimeout(() => void this.#turn(), this.#again ? 0 : this.#everyMs);
  }
}
