/** The page's composition root: reads the address, builds everything, connects keys and buttons. */

import { Choices } from "./model/choices.js";
import { App } from "./page/app.js";
import { find } from "./page/elements.js";
import { drawIcons } from "./page/icons.js";
import { listenToKeys } from "./page/keyboard.js";
import { startPlayer } from "./page/player.js";

/** @typedef {import("./types.js").Transport} Transport */

const query = new URLSearchParams(window.location.search);
const wanted = query.get("transport");
const forced = wanted === "ws" || wanted === "mjpeg" || wanted === "snapshot" ? /** @type {Transport} */ (wanted) : null;

drawIcons(document);
/** @type {App | null} */
let app = null;
// For support: ?player=page draws without a worker, as old browsers must.
const player = await startPlayer(forced, query.get("player") === "page", (report) => app?.heard(report));
app = new App(player, new Choices(storage()));
listenToKeys(app);
find("#back").addEventListener("click", () => app?.back());
find("#add").addEventListener("click", () => app?.addStream());
find("#add-first").addEventListener("click", () => app?.addStream());
find("#help").addEventListener("click", () => app?.help());
app.start();

/** A browser told to keep nothing throws already at the name. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
