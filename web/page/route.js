/** Which stream is large stands in the address (`#front`), so that it can be shared, and the browser's back button works. */
export class Route {
  #cameFromAll = false;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    window.addEventListener("popstate", () => {
      if (this.id === null) this.#cameFromAll = false;
      changed();
    });
    this.#changed = changed;
  }

  /** @returns {string | null} */
  get id() {
    try {
      return decodeURIComponent(window.location.hash.slice(1)) || null;
    } catch {
      return null;
    }
  }

  /** @param {string} id */
  open(id) {
    const url = `#${encodeURIComponent(id)}`;
    // From one large stream to the next is not a step: back leads to all of them.
    if (this.id !== null) history.replaceState(null, "", url);
    else {
      history.pushState(null, "", url);
      this.#cameFromAll = true;
    }
    this.#changed();
  }

  back() {
    if (this.#cameFromAll) history.back();
    else this.leave();
  }

  /** There is nothing to come back to. */
  leave() {
    history.replaceState(null, "", window.location.pathname + window.location.search);
    this.#cameFromAll = false;
    this.#changed();
  }
}
