/** Steps over the JSON texts in a line of a run, without looking into them. */

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const COMMA: u32 = 0x2c;
const OPEN: u32 = 0x5b;
const CLOSE: u32 = 0x5d;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;

/** The end of a text that does not end before the limit. */
export const NOWHERE: usize = 0;

/** Whether the last string stepped over has no escapes. */
export let isPlain: bool = false;

/** @returns the position after the text that begins at `at`, or NOWHERE */
export function skipValue(at: usize, limit: usize): usize {
  const first = <u32>load<u8>(at);
  if (first == QUOTE) return skipString(at + 1, limit);
  if (first != OPEN && first != OPEN_BRACE) {
    let end = at;
    while (end < limit && <u32>load<u8>(end) != COMMA && <u32>load<u8>(end) != CLOSE) end++;
    return end == at || end == limit ? NOWHERE : end;
  }
  let depth: u32 = 0;
  for (let end = at; end < limit; ) {
    const byte = <u32>load<u8>(end++);
    if (byte == QUOTE) {
      end = skipString(end, limit);
      if (end == NOWHERE) return NOWHERE;
    } else if (byte == OPEN || byte == OPEN_BRACE) {
      depth++;
    } else if (byte == CLOSE || byte == CLOSE_BRACE) {
      if (--depth == 0) return end;
    }
  }
  return NOWHERE;
}

/** @returns the position after the quote that ends the string whose first byte is at `at`, or NOWHERE */
function skipString(at: usize, limit: usize): usize {
  isPlain = true;
  while (at < limit) {
    const v = v128.load(at);
    const quote = i8x16.eq(v, i8x16.splat(<i8>QUOTE));
    const found = i8x16.bitmask(v128.or(quote, i8x16.eq(v, i8x16.splat(<i8>BACKSLASH))));
    if (found == 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(found);
    if (at >= limit) return NOWHERE;
    if (<u32>load<u8>(at) == QUOTE) return at + 1;
    isPlain = false;
    at += 2;
  }
  return NOWHERE;
}
