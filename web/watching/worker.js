/** Where the player usually lives: off the page's thread. */

import { Engine, realTime } from "./engine.js";

/** @typedef {import("../types.js").Transport} Transport */

const forced = /** @type {Transport | null} */ (new URLSearchParams(self.location.search).get("transport"));
const engine = new Engine(forced, realTime, (report) => self.postMessage(report, {}));
self.onmessage = ({ data }) => engine.handle(data);
self.postMessage({ type: "ready" }, {});
