import { decode, widthOf } from "../../src/mr/kernel/word-edges.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What follows the backslash in the escape of a byte. */
const SHORT_ESCAPES = new Map(
  Object.entries({
    '"': '"',
    "\\": "\\",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\f": "f",
    "\r": "r",
  }).map(([byte, letter]) => [byte.charCodeAt(0), letter.charCodeAt(0)]),
);

/**
 * Copies source[start, end) to target[at…].
 *
 * @returns where the next byte goes
 */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  for (let from = start; from < end; from++) target[at++] = source[from] ?? 0;
  return at;
}

/**
 * Writes source[start, end) to target[at…] as a JSON string.
 *
 * @returns where the next byte goes, or -1 when the bytes are not UTF-8
 */
export function quoteBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  target[at++] = QUOTE;
  let from = start;
  while (from < end) {
    const byte = source[from] ?? 0;
    if (byte > 0x7f) {
      const codePoint = decode(source, from, end);
      if (codePoint < 0) return -1;
      const next = from + widthOf(codePoint);
      at = copyBytes(source, from, next, target, at);
      from = next;
      continue;
    }
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) at = writeEscape(byte, target, at);
    else target[at++] = byte;
    from++;
  }
  target[at++] = QUOTE;
  return at;
}

function writeEscape(byte: number, target: Uint8Array, at: number): number {
  target[at++] = BACKSLASH;
  const letter = SHORT_ESCAPES.get(byte);
  if (letter !== undefined) {
    target[at++] = letter;
    return at;
  }
  const code = `u${byte.toString(16).padStart(4, "0")}`;
  for (let i = 0; i < code.length; i++) target[at++] = code.charCodeAt(i);
  return at;
}
