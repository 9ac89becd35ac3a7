import type { OutputSink } from "../../app/contract/output.ts";
import { appendBytes, appendShortAscii, type ByteTarget } from "../../base/byte-target.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

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
    if (appendShortAscii(target, text)) return;
    const encoded = encodeUtf8(text);
    appendBytes(target, encoded, 0, encoded.length);
  }
}
