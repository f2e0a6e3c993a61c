/** How the box fares, in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { boardLine, boardRows } from "../../web/model/board.js";

const GIB = 1024 ** 3;
const PI = {
  temperature_c: 48.3,
  power: { under_voltage: false, slowed: false, under_voltage_since_start: true, slowed_since_start: false },
  memory: { total_bytes: 3.7 * GIB, available_bytes: 0.8 * GIB, cma_total_bytes: 0, cma_free_bytes: 0 },
  disk: { total_bytes: 29 * GIB, free_bytes: 25.2 * GIB },
  wifi: { interface: "wlan0", signal_dbm: -56 },
  clock_synchronised: true,
  uptime_s: 86_400 * 3 + 5,
  versions: { camera_appliance: "0.1.0", model: "Raspberry Pi 4" },
  concerns: [],
};
const NOTHING = {
  temperature_c: null,
  power: { under_voltage: null, slowed: null, under_voltage_since_start: null, slowed_since_start: null },
  memory: { total_bytes: null, available_bytes: null, cma_total_bytes: null, cma_free_bytes: null },
  disk: null,
  wifi: null,
  clock_synchronised: null,
  uptime_s: null,
  versions: {},
  concerns: [],
};

test("one line for a glance", () => {
  assert.equal(boardLine(PI), "48 °C · 25 GB free · Wi-Fi good");
  assert.equal(boardLine({ ...PI, disk: null, wifi: { interface: "wlan0", signal_dbm: -80 } }), "48 °C · Wi-Fi weak");
  assert.equal(boardLine(NOTHING), "");
});

test("the rest in a table, without what is not known", () => {
  const rows = Object.fromEntries(boardRows(PI).map(({ title, text }) => [title, text]));
  assert.deepEqual(rows, {
    "Temperature": "48 °C",
    "Power supply": "Was too weak since the start",
    "Speed": "Full",
    "Memory": "819 MB of 3.7 GB free",
    "Disk": "25 GB of 29 GB free",
    "Wi-Fi": "Good, −56 dBm",
    "Clock": "Set by a time server",
    "Running for": "3 days",
    "Program": "0.1.0",
    "Board": "Raspberry Pi 4",
  });
  assert.deepEqual(boardRows(NOTHING), []);
});

test("what is wrong now goes before what was", () => {
  const power = { under_voltage: true, slowed: true, under_voltage_since_start: true, slowed_since_start: true };
  const [, supply, speed] = boardRows({ ...PI, power });
  assert.deepEqual([supply.text, speed.text], ["Too weak", "Slowed down"]);
});
