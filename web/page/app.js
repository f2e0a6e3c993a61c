/** Holds what the page knows and brings it on screen: list, news and figures in; tiles, badges and words out. */

import { Announcer } from "../model/announcer.js";
import { Readings } from "../model/readings.js";
import { Roster } from "../model/roster.js";
import { badge, isRemoved } from "../model/state.js";
import { Actions } from "./actions.js";
import { AddDialog } from "./add_dialog.js";
import { api } from "./api.js";
import { find } from "./elements.js";
import { Frame } from "./frame.js";
import { isFilling, leaveFilling, toggleFullscreen } from "./fullscreen.js";
import { Notices } from "./notices.js";
import { Panel } from "./panel.js";
import { Poll } from "./poll.js";
import { Route } from "./route.js";
import { Stage } from "./stage.js";

/** @typedef {import("../types.js").Report} Report */
/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("./tile.js").TileAction} TileAction */

const LIST_EVERY_MS = 3000;
const STATUS_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 500;

export class App {
  #roster = new Roster();
  #readings = new Readings();
  #announcer = new Announcer();
  #notices = new Notices(find("#notices"));
  #frame = new Frame();
  #route = new Route(() => this.#render());
  #list = new Poll(LIST_EVERY_MS, () => this.#fetchList());
  #status = new Poll(STATUS_EVERY_MS, () => this.#fetchStatus());
  #actions = new Actions((text) => this.#notices.pass(text), () => this.#list.now());
  #adding = new AddDialog((stream) => this.#added(stream));
  #panel;
  #stage;
  #player;
  #choices;
  #settingsOpen = false;
  /** @type {boolean | null} null: not asked yet */
  #reachable = null;
  /** @type {Record<string, {jpeg_quality: number}>} */
  #presets = {};

  /**
   * @param {import("./player.js").Player} player
   * @param {import("../model/choices.js").Choices} choices
   */
  constructor(player, choices) {
    this.#player = player;
    this.#choices = choices;
    this.#stage = new Stage(find("#stage"), player, (id) => this.#choiceOf(id), (action, id) => this.#act(action, id));
    this.#panel = new Panel({
      choose: (id, choice) => {
        this.#choices.choose(id, choice);
        this.#render();
      },
      setQuality: (id, quality) => void this.#actions.setQuality(id, quality),
      remove: (id) => {
        this.#route.leave();
        void this.#actions.remove(id);
      },
      close: () => this.#setSettings(false),
    });
  }

  start() {
    this.#list.now();
    this.#status.now();
    // Ages grow even when the player says nothing any more.
    setInterval(() => this.#render(), REDRAW_EVERY_MS);
    window.addEventListener("online", () => this.#wake());
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /** @param {Report} report */
  heard(report) {
    if (report.type === "figures") this.#readings.heard(report, performance.now());
    else if (report.type === "info") this.#told(report.info);
    else if (report.type === "refused" && report.code !== "unknown_stream") this.#notices.pass(report.message);
    this.#render();
  }

  /** @param {number} index */
  choose(index) {
    const stream = this.#roster.streams[index];
    if (stream) this.#route.open(stream.id);
  }

  /** @param {"left" | "right" | "up" | "down"} by */
  move(by) {
    const ids = this.#roster.streams.map((stream) => stream.id);
    const at = ids.indexOf(this.#stage.single ?? "");
    if (at === -1) this.#stage.moveFocus(by);
    else if (ids.length > 1) this.#route.open(ids[(at + (by === "left" || by === "up" ? ids.length - 1 : 1)) % ids.length]);
  }

  back() {
    if (leaveFilling()) return;
    if (this.#settingsOpen) this.#setSettings(false);
    else if (this.#route.id !== null) this.#route.back();
  }

  addStream() {
    void this.#adding.open();
  }

  help() {
    /** @type {HTMLDialogElement} */ (find("#help-dialog")).showModal();
  }

  /** @param {"fullscreen" | "snapshot" | "info"} act */
  actOnCurrent(act) {
    const id = this.#stage.single ?? this.#stage.focused;
    if (id !== null) this.#act(act, id);
  }

  /**
   * @param {TileAction} action
   * @param {string} id
   */
  #act(action, id) {
    const stream = this.#roster.get(id);
    const tile = this.#stage.tiles.get(id);
    if (!stream || !tile) return;
    if (action === "open") this.#open(id);
    else if (action === "toggle") void this.#actions.toggle(stream);
    else if (action === "snapshot") void this.#actions.saveSnapshot(id, this.#choiceOf(id));
    else if (action === "fullscreen") void toggleFullscreen(tile.screen);
    else if (action === "info") this.#toggleInfo();
    else this.#openSettings(id);
  }

  /** @param {string} id */
  #open(id) {
    if (isFilling()) leaveFilling();
    else if (this.#stage.single !== id) this.#route.open(id);
  }

  /** @param {string} id */
  #openSettings(id) {
    const open = !(this.#settingsOpen && this.#stage.single === id);
    if (this.#stage.single !== id) this.#route.open(id);
    this.#setSettings(open);
  }

  /** @param {boolean} open */
  #setSettings(open) {
    this.#settingsOpen = open;
    this.#render();
  }

  #toggleInfo() {
    this.#choices.info = !this.#choices.info;
    this.#render();
  }

  /** @param {string} id */
  #choiceOf(id) {
    return this.#choices.of(id, ["auto", ...(this.#roster.get(id)?.presets ?? [])]);
  }

  /** @param {Stream} stream */
  #added(stream) {
    this.#roster.added(stream, performance.now());
    this.#list.now();
    this.#route.open(stream.id);
  }

  /** @param {import("../types.js").StreamInfo} info */
  #told(info) {
    // A box that stops says so too: whether the stream is gone, the list knows.
    if (isRemoved(info)) this.#list.now();
    else this.#roster.told(info, performance.now());
  }

  #wake() {
    if (document.hidden) return;
    this.#stage.settle();
    this.#player.tell({ type: "wake" });
    this.#list.now();
  }

  async #fetchList() {
    const askedMs = performance.now();
    try {
      this.#roster.listed(await api.streams(), askedMs);
      if (this.#reachable === false) this.#player.tell({ type: "wake" });
      this.#reachable = true;
      this.#leaveGone();
    } catch {
      this.#reachable = false; // both a refusal and silence: there is no list
    }
    this.#render();
  }

  /** The address may name a stream that is no more, or never was. */
  #leaveGone() {
    const id = this.#route.id;
    if (id === null || this.#roster.get(id)) return;
    this.#notices.pass(`There is no stream “${id}” here.`);
    this.#route.leave();
  }

  async #fetchStatus() {
    const status = await api.status().catch(() => null);
    if (!status) return;
    this.#presets = status.presets ?? {};
    this.#notices.setWarnings(status.warnings ?? []);
  }

  #render() {
    const streams = this.#roster.streams;
    const wanted = this.#route.id;
    const single = this.#roster.get(wanted ?? "") ?? (streams.length === 1 ? streams[0] : null);
    if (!single) this.#settingsOpen = false;
    this.#stage.setStreams(streams);
    this.#stage.show(single?.id ?? null);
    this.#stage.settle();
    for (const stream of streams) this.#renderTile(stream);
    const shown = this.#settingsOpen ? single : null;
    this.#panel.show(shown, this.#choiceOf(single?.id ?? ""), this.#presetQuality(single));
    this.#frame.show({ streams, single, wanted, reachable: this.#reachable, link: this.#readings.connection });
  }

  /** @param {Stream | null} stream */
  #presetQuality(stream) {
    return this.#presets[stream?.preset ?? ""]?.jpeg_quality ?? null;
  }

  /** @param {Stream} stream */
  #renderTile(stream) {
    const tile = this.#stage.tiles.get(stream.id);
    if (!tile) return;
    const nowMs = performance.now();
    const figures = this.#readings.of(stream.id, nowMs);
    const { status, reason, id, name } = stream;
    const { connection = "connecting", placeholder = false, ageMs = null, intervalMs = 0 } = figures ?? {};
    const shown = badge({ watching: this.#stage.isWatched(id), connection, status, reason, placeholder, ageMs, intervalMs });
    tile.arrange(this.#stage.single === id, this.#choices.info, this.#settingsOpen);
    tile.update(stream, shown, figures);
    if (!this.#announcer.isNews(id, shown.state, nowMs)) return;
    this.#frame.say(`${name || id}: ${[shown.label, shown.detail].filter(Boolean).join(", ")}`);
  }
}
