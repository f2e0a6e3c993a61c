/** Starts the player in a worker, or on the page where a browser cannot draw from a worker. */

/** @typedef {import("../types.js").Command} Command */
/** @typedef {import("../types.js").Report} Report */
/** @typedef {import("../types.js").Transport} Transport */

/**
 * @typedef {object} Player
 * @property {(command: Command) => void} tell
 * @property {(id: string, canvas: HTMLCanvasElement) => void} add
 */

/**
 * @param {Transport | null} forced
 * @param {boolean} onPage
 * @param {(report: Report) => void} report
 * @returns {Promise<Player>}
 */
export async function startPlayer(forced, onPage, report) {
  if (!onPage && "OffscreenCanvas" in window && "transferControlToOffscreen" in HTMLCanvasElement.prototype) {
    try {
      return await inWorker(forced, report);
    } catch (error) {
      console.info("the player runs on the page:", error);
    }
  }
  const { Engine, realTime } = await import("../watching/engine.js");
  const engine = new Engine(forced, realTime, report);
  const tell = (/** @type {Command} */ command) => engine.handle(command);
  return { tell, add: (id, canvas) => tell({ type: "add", id, canvas }) };
}

/**
 * @param {Transport | null} forced
 * @param {(report: Report) => void} report
 * @returns {Promise<Player>}
 */
function inWorker(forced, report) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(`/web/watching/worker.js${forced ? `?transport=${forced}` : ""}`, { type: "module" });
    const tell = (/** @type {Command} */ command) => worker.postMessage(command);
    const add = (/** @type {string} */ id, /** @type {HTMLCanvasElement} */ canvas) => {
      const offscreen = canvas.transferControlToOffscreen();
      worker.postMessage({ type: "add", id, canvas: offscreen }, [offscreen]);
    };
    // An old browser reads a module worker as a plain script and stumbles over its first import.
    worker.onerror = () => reject(new Error("module workers do not work here"));
    worker.onmessage = ({ data }) => (data.type === "ready" ? resolve({ tell, add }) : report(data));
  });
}
