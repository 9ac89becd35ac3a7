/**
 * Keys are compared, hashed and written as bytes. A JavaScript string becomes bytes by UTF-8, extended
 * to lone surrogates (code units D800–DFFF without a partner), which plain UTF-8 cannot carry: each is
 * encoded in three bytes like any other code point of its size (the "WTF-8" encoding). So different
 * strings are always different bytes, and the order of the bytes is the order of the code points.
 */

/** The bytes of `text`; freshly allocated or, for short strings, part of Node's shared pool. */
export function encodeUtf8(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const bytes: number[] = [];
  for (const symbol of text) {
    const code = symbol.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...Buffer.from(symbol, "utf8"));
    else bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(bytes);
}
