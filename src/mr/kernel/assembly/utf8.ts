/** Decodes UTF-8 as the Encoding Standard does: no overlong forms, surrogates, or code points beyond the last. */

export const NOT_UTF8: u32 = 0xffffffff;

@inline
export function widthOf(codePoint: u32): u32 {
  return 2 + <u32>(codePoint > 0x7ff) + <u32>(codePoint > 0xffff);
}

/** The non-ASCII code point at `at`; NOT_UTF8 if no complete, valid one ends before `limit`. */
export function decode(at: usize, limit: usize): u32 {
  const lead = <u32>load<u8>(at);
  if (lead < 0xc2 || lead > 0xf4 || limit - at < 2) return NOT_UTF8;
  const second = <u32>load<u8>(at, 1) ^ 0x80;
  if (second > 0x3f) return NOT_UTF8;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  if (limit - at < 3) return NOT_UTF8;
  const third = <u32>load<u8>(at, 2) ^ 0x80;
  if (third > 0x3f) return NOT_UTF8;
  const three = (second << 6) | third;
  if (lead < 0xf0) {
    const codePoint = ((lead & 0x0f) << 12) | three;
    const surrogate = (codePoint & 0xf800) == 0xd800;
    return codePoint < 0x800 || surrogate ? NOT_UTF8 : codePoint;
  }
  if (limit - at < 4) return NOT_UTF8;
  const fourth = <u32>load<u8>(at, 3) ^ 0x80;
  if (fourth > 0x3f) return NOT_UTF8;
  const codePoint = ((lead & 0x07) << 18) | (three << 6) | fourth;
  return codePoint < 0x10000 || codePoint > 0x10ffff ? NOT_UTF8 : codePoint;
}
