/**
 * The bytes of a string: UTF-8, in which a surrogate without its partner, which UTF-8 has no place
 * for, gets the three bytes that its number would have ("WTF-8", https://simonsapin.github.io/wtf-8).
 *
 * The parallel path has another encoder. This one goes through the rare strings that need it symbol by symbol,
 * so that the two can be tested against each other.
 */
export function wtf8Bytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  // Encoding puts U+FFFD where a lone surrogate was; otherwise it can be undone.
  if (bytes.toString() === text) return bytes;
  return Buffer.concat(Array.from(text, symbolBytes));
}

function symbolBytes(symbol: string): Buffer {
  const unit = symbol.charCodeAt(0);
  const isLoneSurrogate = symbol.length === 1 && unit >= 0xd800 && unit <= 0xdfff;
  if (!isLoneSurrogate) return Buffer.from(symbol);
  return Buffer.from([0xe0 + (unit >> 12), 0x80 + ((unit >> 6) % 64), 0x80 + (unit % 64)]);
}
