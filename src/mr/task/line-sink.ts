import type { OutputSink } from "../app/output.ts";
import { appendBytes, type ByteTarget } from "../storage/byte-target.ts";
import { encodeUtf8 } from "../utf8.ts";

/** Longer strings are left to the engine. */
const LOOP_UNITS = 64;

/** Appends what an output format writes. */
export class LineSink implements OutputSink {
  readonly #target: ByteTarget;

  constructor(target: ByteTarget) {
    this.#target = target;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    appendBytes(this.#target, bytes, start, end);
  }

  text(text: string): void {
    const target = this.#target;
    const { length } = text;
    if (length <= LOOP_UNITS) {
      target.ensure(length);
      const { bytes, length: at } = target;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === length) {
        target.length = at + length;
        return;
      }
    }
    const encoded = encodeUtf8(text);
    appendBytes(target, encoded, 0, encoded.length);
  }
}
