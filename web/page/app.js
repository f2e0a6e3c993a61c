/** Holds what the page knows and brings it on screen: list, news and figures in; tiles, badges and words out. */

import { currentOf, wishOf } from "../model/auto.js";
import { Readings } from "../model/readings.js";
import { Roster } from "../model/roster.js";
import { Actions } from "./actions.js";
import { AddDialog } from "./add_dialog.js";
import { api } from "./api.js";
import { find } from "./elements.js";
import { isFilling, leaveFilling, toggleFullscreen } from "./fullscreen.js";
import { Narrator } from "./narrator.js";
import { Notices } from "./notices.js";
import { Panel } from "./panel.js";
import { Poll } from "./poll.js";
import { Route } from "./route.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Surround } from "./surround.js";

/** @typedef {import("../types.js").Report} Report */
/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("./tile.js").TileAction} TileAction */

const LIST_EVERY_MS = 3000;
const REDRAW_EVERY_MS = 500;
const FAREWELL_MS = 300;
const GONE = ["unknown_stream", "not_joined"]; // what the list says anyway

export class App {
  #roster = new Roster();
  #readings = new Readings();
  #notices = new Notices(find("#notices"), find("#errors"));
  #surround = new Surround();
  #narrator = new Narrator((text) => this.#surround.say(text));
  #route = new Route(() => this.#render());
  #list = new Poll(LIST_EVERY_MS, () => this.#fetchList());
  #status = new Status((warnings) => this.#notices.setWarnings(warnings));
  #actions = new Actions((text) => this.#notices.fail(text), () => this.#list.now());
  #adding = new AddDialog((stream) => this.#added(stream));
  #panel;
  #stage;
  #player;
  #choices;
  #settingsOpen = false;
  /** @type {boolean | null} null: not asked yet */
  #reachable = null;

  /**
   * @param {import("./player.js").Player} player
   * @param {import("../model/choices.js").Choices} choices
   */
  constructor(player, choices) {
    this.#player = player;
    this.#choices = choices;
    this.#stage = new Stage(find("#stage"), player, (id) => wishOf(this.#choiceOf(id)), (action, id) => this.#act(action, id));
    this.#panel = new Panel({
      choose: (id, choice) => {
        this.#choices.choose(id, choice);
        this.#render();
      },
      setQuality: (id, quality) => void this.#actions.setQuality(id, quality, this.#status.keeps),
      keep: (id) => void this.#actions.keep(id),
      remove: (id) => {
        this.#route.leave();
        void this.#actions.remove(id);
      },
      close: () => this.#setSettings(false),
    }, (text) => this.#notices.fail(text));
  }

  start() {
    this.#list.now();
    this.#status.start();
    // Ages grow even when the player says nothing any more.
    setInterval(() => this.#render(), REDRAW_EVERY_MS);
    window.addEventListener("online", () => this.#wake());
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /** @param {Report} report */
  heard(report) {
    if (report.type === "figures") {
      if (this.#readings.heard(report, performance.now())) {
        this.#reachable = null; // is it the WebSocket only, or the box?
        this.#list.now();
      }
    } else if (report.type === "info" && !this.#told(report.info)) return;
    else if (report.type === "refused" && !GONE.includes(report.code)) this.#notices.fail(report.message);
    this.#render();
  }

  /** @param {number} index */
  choose(index) {
    const stream = this.#roster.streams[index];
    if (stream) this.#route.open(stream.id);
  }

  /**
   * @param {"left" | "right" | "up" | "down"} by
   * @returns {boolean} something moved
   */
  move(by) {
    if (this.#stage.single === null) return this.#stage.moveFocus(by);
    const ids = this.#roster.streams.map((stream) => stream.id);
    if (by === "up" || by === "down" || ids.length < 2) return false;
    const to = ids.indexOf(this.#stage.single) + (by === "left" ? ids.length - 1 : 1);
    this.#route.open(ids[to % ids.length]);
    return true;
  }

  back() {
    if (leaveFilling()) return;
    if (this.#settingsOpen) this.#setSettings(false);
    else if (this.#route.id !== null) this.#route.back();
  }

  addStream() {
    void this.#adding.open(this.#status.keeps);
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
    else if (action === "info") this.#choices.info = !this.#choices.info;
    else this.#openSettings(id);
    this.#render();
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
    if (open) this.#panel.focus();
    else this.#stage.focusSettings();
  }

  /** @param {string} id */
  #choiceOf(id) {
    return this.#choices.of(id, ["auto", ...(this.#roster.get(id)?.presets ?? [])]);
  }

  /** @param {Stream} stream */
  #added(stream) {
    this.#actions.told(stream);
    this.#roster.added(stream, performance.now());
    this.#list.now();
    this.#route.open(stream.id);
  }

  /**
   * @param {import("../types.js").StreamInfo} info
   * @returns {boolean} there is something new to show
   */
  #told(info) {
    if (info.running) return this.#roster.told(info, performance.now());
    // It was stopped, or removed: the list knows which. Or the whole box stops, which soon has no list any more, and nothing changes.
    setTimeout(() => this.#list.now(), FAREWELL_MS);
    return false;
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
    } catch { this.#reachable = false; } // both a refusal and silence: there is no list
    this.#render();
  }

  /** The address may name a stream that is no more, or never was. */
  #leaveGone() {
    const id = this.#route.id;
    if (id === null || this.#roster.get(id)) return;
    this.#notices.pass(`There is no stream “${id}” here.`);
    this.#route.leave();
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
    this.#panel.show(this.#settingsOpen && single ? this.#known(single) : null);
    this.#surround.show({ streams, single, wanted, reachable: this.#reachable, link: this.#readings.connection });
  }

  /** @param {Stream} stream */
  #renderTile(stream) {
    const tile = this.#stage.tiles.get(stream.id);
    if (!tile) return;
    const known = this.#known(stream);
    const words = this.#narrator.words(known, performance.now());
    tile.arrange(this.#stage.single === stream.id, this.#choices.info, this.#settingsOpen);
    tile.update(stream, words, known.figures, this.#reachable === true);
  }

  /** @param {Stream} stream */
  #known(stream) {
    const choice = this.#choiceOf(stream.id);
    const best = this.#status.presetFor(stream, choice);
    const figures = this.#readings.of(stream.id, performance.now());
    const info = currentOf(this.#roster.infoOf(stream.id), figures);
    return { stream, choice, best, figures, info, watching: this.#stage.isWatched(stream.id) };
  }
}
