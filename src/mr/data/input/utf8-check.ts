import { isUtf8 } from "node:buffer";
import { replacedUtf8At } from "../../base/utf8.ts";

const CONTINUATION = 0x80;
const TWO_BYTES = 0xc0;
const THREE_BYTES = 0xe0;
const FOUR_BYTES = 0xf0;

/** Finds out whether bytes that come in chunks are UTF-8; a character may lie in several chunks. */
export class Utf8Check {
  /** The first bytes of a character whose other bytes are in the next chunk. */
  #held: Uint8Array = new Uint8Array(0);

  /**
   * @param chunk the next bytes; empty at the end
   * @returns the first byte that is not UTF-8, such as those of lone surrogates; undefined if there is none so far
   */
  invalidIn(chunk: Uint8Array): number | undefined {
    const isEnd = chunk.length === 0;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = isEnd ? bytes.length : bytes.length - openLength(bytes);
    this.#held = Uint8Array.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (isUtf8(whole)) return undefined;
    return whole[replacedUtf8At(whole, Buffer.from(whole).toString("utf8"))];
  }
}

/** How many bytes at the end of `bytes` may be the beginning of a character; at most three. */
function openLength(bytes: Uint8Array): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < CONTINUATION) return 0;
    if (byte < TWO_BYTES) continue;
    const wanted = byte < THREE_BYTES ? 2 : byte < FOUR_BYTES ? 3 : 4;
    return length < wanted ? length : 0;
  }
  return 0;
}
