/** How the box fares, as people read it. Pure. */

import { sentence } from "./state.js";

/** @typedef {import("../types.js").Board} Board */

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const GOOD_DBM = -60;
const FAIR_DBM = -75;

/**
 * @param {Board} board
 * @returns {string} what is worth a glance while all is well: "48 °C · 25 GB free · Wi-Fi good"
 */
export function boardLine({ temperature_c: celsius, disk, wifi }) {
  return [
    celsius === null ? "" : degrees(celsius),
    disk && `${size(disk.free_bytes)} free`,
    wifi && `Wi-Fi ${signal(wifi.signal_dbm)}`,
  ].filter(Boolean).join(" · ");
}

/**
 * @param {Board} board
 * @returns {{title: string, text: string}[]} only what the box knows
 */
export function boardRows({ temperature_c: celsius, power, memory, disk, wifi, clock_synchronised: clock, uptime_s: uptimeS, versions }) {
  return [
    { title: "Temperature", text: celsius === null ? "" : degrees(celsius) },
    { title: "Power supply", text: sinceStart(power.under_voltage, power.under_voltage_since_start, "Good", "Too weak", "Was too weak since the start") },
    { title: "Speed", text: sinceStart(power.slowed, power.slowed_since_start, "Full", "Slowed down", "Full; was slowed down since the start") },
    { title: "Memory", text: freeOf(memory.available_bytes, memory.total_bytes) },
    { title: "Camera memory (CMA)", text: memory.cma_total_bytes ? freeOf(memory.cma_free_bytes, memory.cma_total_bytes) : "" },
    { title: "Disk", text: disk ? freeOf(disk.free_bytes, disk.total_bytes) : "" },
    { title: "Wi-Fi", text: wifi ? `${sentence(signal(wifi.signal_dbm))}, −${Math.abs(wifi.signal_dbm)} dBm` : "" },
    { title: "Clock", text: clock === null ? "" : clock ? "Set by a time server" : "Not set by a time server" },
    { title: "Running for", text: uptimeS === null ? "" : duration(uptimeS) },
    { title: "Program", text: versions.camera_appliance ?? "" },
    { title: "System", text: versions.system ?? "" },
    { title: "Board", text: versions.model ?? "" },
  ].filter(({ text }) => text !== "");
}

/** @param {number} celsius */
function degrees(celsius) {
  return `${Math.round(celsius)} °C`;
}

/**
 * @param {boolean | null} now
 * @param {boolean | null} since
 * @param {string} well
 * @param {string} ill
 * @param {string} was
 */
function sinceStart(now, since, well, ill, was) {
  if (now === null) return "";
  return now ? ill : since ? was : well;
}

/**
 * @param {number | null} free
 * @param {number | null} total
 */
function freeOf(free, total) {
  if (free === null || total === null) return "";
  return `${size(free)} of ${size(total)} free`;
}

/**
 * @param {number} bytes
 * @returns {string} "820 MB", "2.3 GB", "25 GB"
 */
function size(bytes) {
  if (bytes < GIB) return `${Math.round(bytes / MIB)} MB`;
  const gib = bytes / GIB;
  return `${gib < 9.95 ? gib.toFixed(1) : Math.round(gib)} GB`;
}

/** @param {number} dbm */
function signal(dbm) {
  return dbm >= GOOD_DBM ? "good" : dbm >= FAIR_DBM ? "fair" : "weak";
}

/**
 * @param {number} seconds
 * @returns {string} in its largest unit: "3 days", "5 hours"
 */
function duration(seconds) {
  const [amount, unit] = seconds >= 172_800 ? [seconds / 86_400, "day"] : seconds >= 7200 ? [seconds / 3600, "hour"] : [seconds / 60, "minute"];
  const whole = Math.floor(amount);
  return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
}
