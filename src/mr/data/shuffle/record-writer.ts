import { appendBytes, type ByteTarget } from "../../base/byte-target.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { encodeBytes, encodeInteger } from "./value-codec.ts";

const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LINE_FEED = 10;
const MINUS = 0x2d;

/** A group continues on another line when its line is longer, so that lines always fit in memory. */
const LINE_BYTES = 64 * 1024;

/**
 * Writes the lines of a run: `["key",count,value,…]`, see docs/formats.md. Each group is `begin`, one
 * `value` or more, `end`; keys ascend.
 */
export class RecordWriter {
  readonly #target: ByteTarget;
  #key: Uint8Array = new Uint8Array(0);
  #keyStart = 0;
  #keyEnd = 0;
  #lineBytes = 0;

  constructor(target: ByteTarget) {
    this.#target = target;
  }

  /** Begins the group of key[start, end), bytes that must not change until its end. */
  begin(key: Uint8Array, start: number, end: number): void {
    this.#key = key;
    this.#keyStart = start;
    this.#keyEnd = end;
    this.#open();
  }

  get keyText(): string {
    return decodeUtf8(this.#key, this.#keyStart, this.#keyEnd, "checked");
  }

  /**
   * @param count how many times in a row the value was emitted, 1 or more
   * @param isBytes whether the value is a byte slice
   * @param source holds the JSON text of the value in source[start, end)
   */
  value(count: number, isBytes: boolean, source: Uint8Array, start: number, end: number): void {
    const target = this.#target;
    if (this.#lineBytes > LINE_BYTES) {
      this.end();
      this.#open();
    }
    target.ensure(24 + end - start);
    target.bytes[target.length++] = COMMA;
    if (isBytes) target.bytes[target.length++] = MINUS;
    encodeInteger(count, target);
    target.bytes[target.length++] = COMMA;
    appendBytes(target, source, start, end);
    this.#lineBytes += 12 + end - start;
  }

  end(): void {
    const target = this.#target;
    target.ensure(2);
    target.bytes[target.length++] = CLOSE;
    target.bytes[target.length++] = LINE_FEED;
  }

  #open(): void {
    const target = this.#target;
    target.ensure(1);
    target.bytes[target.length++] = OPEN;
    encodeBytes(this.#key, this.#keyStart, this.#keyEnd, target);
    this.#lineBytes = 0;
  }
}
