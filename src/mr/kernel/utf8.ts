/** How many bytes a code point takes. */
export function widthOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/**
 * The character at `at`, which is beyond ASCII, or -1 where the Encoding Standard's decoder finds
 * an error. Taking one byte then, where the decoder may swallow up to three, makes the same words:
 * bytes swallowed can't begin a character.
 */
export function decode(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const second = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
  if ((second & 0xc0) !== 0x80) return -1;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (second & 0x3f);
  const third = at + 2 < end ? (bytes[at + 2] ?? 0) : 0;
  if ((third & 0xc0) !== 0x80) return -1;
  if (lead < 0xf0) {
    const codePoint = ((lead & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
    const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return codePoint < 0x800 || surrogate ? -1 : codePoint;
  }
  const fourth = at + 3 < end ? (bytes[at + 3] ?? 0) : 0;
  if ((fourth & 0xc0) !== 0x80) return -1;
  const upper = ((lead & 0x07) << 18) | ((second & 0x3f) << 12);
  const codePoint = upper | ((third & 0x3f) << 6) | (fourth & 0x3f);
  return codePoint < 0x10000 || codePoint > 0x10ffff ? -1 : codePoint;
}
