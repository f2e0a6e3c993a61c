/** The box's HTTP, as far as the page needs it. */

/** @typedef {import("../types.js").Stream} Stream */
/** @typedef {import("../types.js").Camera} Camera */
/** @typedef {import("../types.js").Control} Control */

const PATIENCE_MS = 8000;

/** The box answered, and the answer is no. `message` is the box's own sentence. */
export class Refused extends Error {}

/** There is no answer. */
export class Unreachable extends Error {}

export const api = {
  /** @returns {Promise<Stream[]>} */
  streams: async () => (await ask("GET", "/api/streams")).streams,
  /** @returns {Promise<Camera[]>} */
  cameras: async () => (await ask("GET", "/api/cameras")).cameras,
  /** @returns {Promise<import("../types.js").BoxStatus>} */
  status: () => ask("GET", "/api/status"),
  /**
   * @param {{id: string} | {source: string, name?: string, keep?: boolean}} wanted
   * @returns {Promise<Stream>}
   */
  start: (wanted) => ask("POST", "/api/streams", wanted),
  /** @param {string} id */
  stop: (id) => ask("DELETE", one(id)),
  /**
   * For good, also out of the configuration if it stands there.
   * @param {string} id
   */
  remove: (id) => ask("DELETE", `${one(id)}?keep=true`),
  /**
   * @param {string} id
   * @param {{jpeg_quality?: number | null, keep?: boolean}} change
   * @returns {Promise<Stream>}
   */
  change: (id, change) => ask("PATCH", one(id), change),
  /**
   * @param {string} id
   * @returns {Promise<Control[]>}
   */
  controls: async (id) => (await ask("GET", `${one(id)}/controls`)).controls,
  /**
   * @param {string} id
   * @param {Record<string, import("../types.js").ControlValue | null>} values
   * @returns {Promise<Control[]>}
   */
  setControls: async (id, values) => (await ask("PATCH", `${one(id)}/controls`, values)).controls,
  /**
   * @param {string} id
   * @returns {Promise<Control[]>}
   */
  resetControls: async (id) => (await ask("DELETE", `${one(id)}/controls`)).controls,
};

/**
 * @param {string} path
 * @returns {Promise<Blob>}
 */
export async function fetchPicture(path) {
  return (await answer("GET", path)).blob();
}

/** @param {string} id */
function one(id) {
  return `/api/streams/${encodeURIComponent(id)}`;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
async function ask(method, path, body) {
  const response = await answer(method, path, body);
  return response.status === 204 ? null : response.json();
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function answer(method, path, body) {
  const hangUp = new AbortController();
  const timer = setTimeout(() => hangUp.abort(), PATIENCE_MS);
  const json = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  try {
    const response = await fetch(path, { method, cache: "no-store", signal: hangUp.signal, ...json });
    if (!response.ok) throw new Refused(await reason(response));
    return response;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable("The box does not answer.");
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response */
async function reason(response) {
  const told = await response.json().catch(() => null);
  return told?.error?.message ?? `The box answered ${response.status}.`;
}
