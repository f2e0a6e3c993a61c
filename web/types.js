/**
 * The shapes that travel: between box and page (docs/protocol.md) and between page and player. Types only, no code.
 *
 * @typedef {"live" | "starting" | "offline"} Status
 * @typedef {"ws" | "mjpeg" | "snapshot"} Transport
 * @typedef {"open" | "connecting" | "down"} Connection
 *
 * @typedef {object} Stream  one entry of `GET /api/streams`
 * @property {string} id
 * @property {string} name
 * @property {Status} status
 * @property {string} reason
 * @property {string} source
 * @property {string} device  empty: none was opened yet
 * @property {string} preset
 * @property {string[]} presets
 * @property {number | null} fps
 * @property {number | null} jpeg_quality
 * @property {number} width
 * @property {number} height
 * @property {number} captured_fps
 * @property {number} viewers
 * @property {boolean} removable
 * @property {boolean} running  people want it live; `status` is what came of it
 * @property {Recovery | null} [recovery]  what is being done about a camera that failed; older boxes say nothing of it
 * @property {boolean} [lasts]  after a restart it is there, and as people set it now; older boxes do not say
 * @property {string} [why_not_kept]  only in the answer to who wished that; empty: it was kept
 *
 * @typedef {object} Recovery
 * @property {"new_worker" | "usb_reset" | "wait_for_hotplug"} step
 * @property {number} attempt
 * @property {number | null} next_in_s  as of when it was told
 * @property {string} last_reason
 * @property {number | null} [dueMs]  the same on the page's own clock, put there by the page
 *
 * @typedef {object} StreamInfo  data of the `stream_info` message
 * @property {string} stream_id
 * @property {string} name
 * @property {Status} status
 * @property {string} reason
 * @property {boolean} running
 * @property {string} preset
 * @property {string[]} presets
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {number | null} jpeg_quality
 * @property {number} viewers
 * @property {number} dropped
 * @property {number} slot
 * @property {boolean} [auto]  the quality follows this viewer's connection
 * @property {string} [rung]  what this viewer gets now, for people: "medium at 12 fps, lean"
 * @property {string} [reduced]  why it gets less than it chose, whatever its connection: "the board is 81 °C hot"
 * @property {Recovery | null} [recovery]
 * @property {Numbers | null} [numbers]  older boxes say nothing of these three
 *
 * @typedef {object} Numbers  what the box measured of this viewer's pictures
 * @property {number | null} fps
 * @property {number | null} kbytes_per_s
 * @property {number | null} age_ms_p50
 * @property {number | null} age_ms_p95
 * @property {number | null} rtt_ms
 * @property {{unacknowledged: number | null, unsent: number | null} | null} dropped
 * @property {Stages | null} stages
 *
 * @typedef {object} Stages  where a picture's age comes from, in its order
 * @property {number | null} camera_ms
 * @property {number | null} worker_ms
 * @property {number | null} server_ms
 * @property {number | null} wire_ms
 * @property {number | null} drawn_ms
 *
 * @typedef {object} Camera  one entry of `GET /api/cameras`
 * @property {string} source
 * @property {string} name
 *
 * @typedef {boolean | number | string} ControlValue
 *
 * @typedef {object} Control  one entry of `GET /api/streams/{id}/controls`
 * @property {string} id
 * @property {string} name
 * @property {"integer" | "number" | "boolean" | "menu" | "button"} kind
 * @property {ControlValue | null} value
 * @property {ControlValue | null} default
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {number | null} step
 * @property {string} unit
 * @property {{value: number, label: string}[]} choices
 * @property {boolean} active  false: another control stands against it
 * @property {string} held_by  the id of that one, where it is known
 * @property {boolean} read_only
 *
 * @typedef {object} Choice  what this viewer chose for a stream; null: nothing, so it is automatic, at the stream's own rate
 * @property {string | null} preset
 * @property {number | null} fps
 *
 * @typedef {object} Preset  one entry of `presets` in `GET /api/status`
 * @property {number} height
 * @property {number} fps
 * @property {number} jpeg_quality
 *
 * @typedef {object} BoxStatus  what the page needs of `GET /api/status`; older boxes say less
 * @property {string[]} [warnings]
 * @property {Record<string, Preset>} [presets]
 * @property {{keeps?: boolean}} [configuration]  `keeps`: what people change here is to outlive a restart
 * @property {Board} [board]
 * @property {{level: number, why: string}} [reduction]  how much less everybody gets, to spare the board
 *
 * @typedef {object} Board  how the machine fares; null: it does not say
 * @property {number | null} temperature_c
 * @property {{under_voltage: boolean | null, slowed: boolean | null, under_voltage_since_start: boolean | null, slowed_since_start: boolean | null}} power
 * @property {{total_bytes: number | null, available_bytes: number | null, cma_total_bytes: number | null, cma_free_bytes: number | null}} memory
 * @property {{total_bytes: number, free_bytes: number} | null} disk
 * @property {{interface: string, signal_dbm: number} | null} wifi
 * @property {boolean | null} clock_synchronised
 * @property {number | null} uptime_s
 * @property {Record<string, string>} versions
 * @property {string[]} concerns  sentences, the worst first
 *
 * @typedef {Choice & {large: boolean}} Wish  `large`: it has the page to itself
 *
 * @typedef {object} Figures  what the player knows of one stream, four times a second
 * @property {Transport} transport
 * @property {Connection} connection
 * @property {number} framesDrawn
 * @property {number | null} ageMs  of the last real picture drawn; null: there was none yet
 * @property {number} intervalMs  how far apart pictures are meant to be
 * @property {boolean} placeholder  the last thing drawn is a placeholder
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {number} kbytesPerS
 * @property {number} dropped
 * @property {number} replaced  of the dropped: those that came, but a newer one came before they could be drawn
 *
 * @typedef {{type: "add", id: string, canvas: OffscreenCanvas | HTMLCanvasElement}
 *   | {type: "remove", id: string}
 *   | {type: "watch", id: string, wish: Wish}
 *   | {type: "unwatch", id: string}
 *   | {type: "wake"}} Command  page to player
 *
 * @typedef {{type: "ready"}
 *   | {type: "info", info: StreamInfo}
 *   | {type: "refused", code: string, message: string}
 *   | {type: "figures", connection: Connection, streams: Record<string, Figures>}} Report  player to page
 *
 * @typedef {object} Picture  one JPEG on its way to a canvas
 * @property {Uint8Array} payload
 * @property {number | null} capturedLocalMs  on the player's own clock; null: not known
 * @property {boolean} placeholder
 * @property {number} lost  frames the box did not send to us, as the box counts them
 * @property {((shown: boolean) => void) | null} drawn  called when it is on screen, or cannot be
 *
 * @typedef {object} Time  so that tests can have their own
 * @property {() => number} nowMs
 * @property {(delayMs: number, action: () => void) => () => void} after  the result cancels it
 */

export {};
