import { isUtf8 } from "node:buffer";

/**
 * Keys are compared, hashed and written as bytes. A JavaScript string becomes bytes by UTF-8, extended
 * to lone surrogates (code units D800–DFFF without a partner), which plain UTF-8 cannot carry: each is
 * encoded in three bytes like any other code point of its size (the "WTF-8" encoding). So different
 * strings are always different bytes, and the order of the bytes is the order of the code points.
 */

/** Up to this length there is a way that is faster than a call into the engine. */
const SHORT_BYTES = 12;

/** The bytes of `text`; freshly allocated or, for short strings, part of Node's shared pool. */
export function encodeUtf8(text: string): Uint8Array {
  if (watch !== undefined) noteText(text);
  return encode(text);
}

function encode(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const bytes: number[] = [];
  for (const symbol of text) {
    const code = symbol.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...Buffer.from(symbol, "utf8"));
    else bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(bytes);
}

/** Is told of bytes that are not UTF-8 and that a text or words lose. */
export interface ReplacedWatch {
  /** The record at hand, or an object if the app may have decoded bytes itself. The owner of the watch sets it. */
  record: unknown;
  /** Whether further bytes change nothing, so that looking for them is useless at present. */
  readonly isReported: boolean;
  /** Called with such a byte. @returns whether the watch goes on */
  report(byte: number): boolean;
  /** Called with bytes that are not UTF-8 and that the app was given. It may decode them itself, or not at all. */
  give(bytes: Uint8Array): void;
  /** Bytes that the app may have decoded itself, if there are any that were not asked for yet. */
  suspect(): Uint8Array | undefined;
}

/**
 * What {@link decodeUtf8} does with bytes that are not UTF-8: `report` them to the watch; tell it that they were
 * `given` to the app, which may not need the text; or nothing, because the caller `checked` them.
 */
type Loss = "report" | "given" | "checked";

/** Undefined while nothing is to be reported. */
let watch: ReplacedWatch | undefined;
/** A byte that is not UTF-8, of bytes that the app was given and decodes itself. */
let givenByte: number | undefined;

/** Reports, from now on, bytes that are not UTF-8 and that a text or words lose; undefined ends the watch. */
export function watchReplaced(next: ReplacedWatch | undefined): void {
  watch = next;
  givenByte = undefined;
}

/** Reports bytes[start, end) to {@link watchReplaced} if they are not UTF-8. */
export function noteReplaced(bytes: Uint8Array, start: number, end: number): void {
  if (watch === undefined || watch.isReported) return;
  const text = bytes.subarray(start, end);
  const at = isUtf8(text) ? -1 : invalidUtf8At(text);
  if (at >= 0) reportByte(text[at] ?? 0);
}

/** Tells {@link watchReplaced} that the app was given `bytes`, if they are not UTF-8. */
export function noteGivenBytes(bytes: Uint8Array): void {
  if (watch !== undefined && !isEncodedText(bytes)) watch.give(bytes);
}

/**
 * The same order of values, in which no loss is reported: comparing the texts of two values leaves both as they
 * are. How often it is called depends on the splits.
 */
export function unwatched<V>(order: (a: V, b: V) => number): (a: V, b: V) => number {
  return (a, b) => {
    const watched = watch;
    watch = undefined;
    try {
      return order(a, b);
    } finally {
      watch = watched;
    }
  };
}

/** Reports that a text was made of bytes that are not UTF-8, if it has a U+FFFD and the app was given such bytes. */
export function noteText(text: string): void {
  if (watch === undefined) return;
  // Searching a text takes longer than this.
  if (typeof watch.record !== "object" && givenByte === undefined) return;
  if (!text.includes("\uFFFD")) return;
  if (givenByte !== undefined) {
    reportByte(givenByte);
    return;
  }
  const bytes = watch.suspect();
  if (bytes !== undefined) noteReplaced(bytes, 0, bytes.length);
}

/** Does the same as {@link noteText} with a text that is encoded already: bytes[0, length). */
export function noteTextBytes(bytes: Uint8Array, length: number): void {
  if (watch === undefined || (typeof watch.record !== "object" && givenByte === undefined)) return;
  noteText(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("utf8"));
}

/**
 * The app was given bytes that are not UTF-8.
 *
 * @param isText whether the app takes them for text, so that they are reported at once and not only when a text has
 *   a U+FFFD
 */
export function noteGiven(byte: number, isText: boolean): void {
  givenByte ??= byte;
  if (isText) reportByte(byte);
}

function reportByte(byte: number): void {
  const reported = watch;
  watch = undefined;
  if (reported?.report(byte) === true) watch = reported;
}

/**
 * The text of bytes[start, end). Lone surrogates come back from their three bytes; everything else that
 * is not UTF-8 becomes U+FFFD, as the Encoding Standard has it.
 *
 * @param loss what to do with bytes that are not UTF-8
 */
export function decodeUtf8(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  loss: Loss = "report",
): string {
  const length = end - start;
  if (length <= SHORT_BYTES) {
    const text = decodeShortAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
  const text = buffer.toString("utf8");
  // Three bytes of a surrogate decode to three U+FFFD: only then can there be any.
  if (!text.includes("\uFFFD")) return text;
  if (loss === "report") noteReplaced(bytes, start, end);
  else if (loss === "given") noteGivenBytes(buffer);
  return surrogateAt(buffer) >= 0 ? decodeSurrogates(buffer) : text;
}

/**
 * A call into the engine costs more than a short text, and so does one character after the other; of a
 * fixed number of characters the compiler makes a string at once.
 */
function decodeShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let all = 0;
  for (let at = start; at < end; at++) all |= bytes[at] ?? 0;
  if (all > 0x7f) return undefined;
  if (end - start <= 4) return fewCharacters(bytes, start, end);
  const first = fourCharacters(bytes, start);
  if (end - start <= 8) return first + fewCharacters(bytes, start + 4, end);
  return first + fourCharacters(bytes, start + 4) + fewCharacters(bytes, start + 8, end);
}

function fourCharacters(bytes: Uint8Array, at: number): string {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return String.fromCharCode(a, b, c, d);
}

/** Up to four. */
function fewCharacters(bytes: Uint8Array, at: number, end: number): string {
  const [a, b, c] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
  switch (end - at) {
    case 0:
      return "";
    case 1:
      return String.fromCharCode(a);
    case 2:
      return String.fromCharCode(a, b);
    case 3:
      return String.fromCharCode(a, b, c);
    default:
      return fourCharacters(bytes, at);
  }
}

/** Whether `bytes` are the encoding of some string: UTF-8, lone surrogates included. */
export function isEncodedText(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return true;
  return (
    surrogateAt(bytes) >= 0 &&
    Buffer.compare(encode(decodeUtf8(bytes, 0, bytes.length, "checked")), bytes) === 0
  );
}

/** The length of the encoded character that begins at `at`; 0 if none does. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const end = at + length;
  return end <= bytes.length && isEncodedText(bytes.subarray(at, end)) ? length : 0;
}

/**
 * The position of the first byte that belongs to no encoding of a string, see {@link isEncodedText}; −1 if
 * there is none.
 */
export function invalidUtf8At(bytes: Uint8Array): number {
  if (isEncodedText(bytes)) return -1;
  let at = 0;
  for (;;) {
    while ((bytes[at] ?? 0xff) < 0x80) at += 1;
    const length = characterLength(bytes, at);
    // A low surrogate after a high one is the rest of a character that UTF-8 encodes in four bytes.
    if (length === 0 || at >= bytes.length) return Math.min(at, bytes.length - 1);
    if (length === 3 && isSurrogate(bytes, at, LOW) && isSurrogate(bytes, at - 3, HIGH))
      return at - 3;
    at += length;
  }
}

/** Second bytes of encoded surrogates, without their lowest four bits. */
const HIGH = 0xa0;
const LOW = 0xb0;

function isSurrogate(bytes: Uint8Array, at: number, half: number): boolean {
  return (
    bytes[at] === 0xed &&
    ((bytes[at + 1] ?? 0) & 0xf0) === half &&
    ((bytes[at + 2] ?? 0) & 0xc0) === 0x80
  );
}

/**
 * Where the encoding of a lone surrogate begins, at or after `from`; −1 if nowhere. Two that form a pair have no
 * encoding: UTF-8 has four other bytes for their character, from which they must stay distinct.
 */
function surrogateAt(bytes: Uint8Array, from = 0): number {
  for (let at = bytes.indexOf(0xed, from); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const isHigh = isSurrogate(bytes, at, HIGH);
    if (isHigh && isSurrogate(bytes, at + 3, LOW)) at += 3;
    else if (isHigh || isSurrogate(bytes, at, LOW)) return at;
  }
  return -1;
}

function decodeSurrogates(bytes: Buffer): string {
  let text = "";
  let from = 0;
  for (let at = surrogateAt(bytes); at >= 0; at = surrogateAt(bytes, from)) {
    const unit = 0xd000 | (((bytes[at + 1] ?? 0) & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f);
    text += bytes.toString("utf8", from, at) + String.fromCharCode(unit);
    from = at + 3;
  }
  return text + bytes.toString("utf8", from);
}

/**
 * The first byte that is not UTF-8, lone surrogates included, and so became U+FFFD in a text.
 *
 * @param text what `Buffer.toString` has made of `bytes`
 * @returns its position; −1 if all of `bytes` is UTF-8
 */
export function replacedUtf8At(bytes: Uint8Array, text: string): number {
  let offset = 0;
  let from = 0;
  for (let at = text.indexOf("\uFFFD"); at >= 0; at = text.indexOf("\uFFFD", from)) {
    offset += Buffer.byteLength(text.slice(from, at));
    const isEncoded =
      bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (!isEncoded) return offset;
    offset += 3;
    from = at + 1;
  }
  return -1;
}
