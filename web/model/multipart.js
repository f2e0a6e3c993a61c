/** Takes `multipart/x-mixed-replace` apart as it arrives. Pure: chunks in, parts out. Needs Content-Length, which the box always sends. */

const LONGEST_HEAD_BYTES = 4096;
const LONGEST_BODY_BYTES = 32 * 1024 * 1024;

/** This is not the multipart we know. */
export class MultipartError extends Error {}

/**
 * @typedef {object} Part
 * @property {Map<string, string>} headers  names in lower case
 * @property {Uint8Array<ArrayBuffer>} body
 */

export class MultipartReader {
  /** @type {Uint8Array<ArrayBuffer>} at most one part and one chunk */
  #bytes = new Uint8Array(0);
  /** @type {Map<string, string> | null} */
  #headers = null;

  /**
   * @param {Uint8Array} chunk
   * @returns {Part[]} the parts this chunk completed
   */
  push(chunk) {
    this.#bytes = joined(this.#bytes, chunk);
    /** @type {Part[]} */
    const parts = [];
    for (let part = this.#next(); part; part = this.#next()) parts.push(part);
    return parts;
  }

  /** @returns {Part | null} */
  #next() {
    this.#headers ??= this.#head();
    if (!this.#headers) return null;
    const length = Number(this.#headers.get("content-length") ?? NaN);
    if (!(length > 0 && length <= LONGEST_BODY_BYTES)) throw new MultipartError("a part without a usable Content-Length");
    if (this.#bytes.length < length) return null;
    const part = { headers: this.#headers, body: this.#take(length) };
    this.#headers = null;
    return part;
  }

  #head() {
    const end = blankLine(this.#bytes);
    if (end === -1) {
      if (this.#bytes.length > LONGEST_HEAD_BYTES) throw new MultipartError("a part's head does not end");
      return null;
    }
    const lines = new TextDecoder("latin1").decode(this.#take(end + 4)).split("\r\n");
    const pairs = lines.map((line) => /^([^:\s]+):\s*(.*)$/.exec(line)).filter((match) => match !== null);
    return new Map(pairs.map((match) => [match[1].toLowerCase(), match[2]]));
  }

  /** @param {number} count */
  #take(count) {
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }
}

/**
 * @param {Uint8Array} first
 * @param {Uint8Array} second
 */
function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/**
 * @param {Uint8Array} bytes
 * @returns {number} where the first empty line begins, -1 when there is none yet
 */
function blankLine(bytes) {
  const last = Math.min(bytes.length - 4, LONGEST_HEAD_BYTES);
  for (let at = 0; at <= last; at += 1) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}
