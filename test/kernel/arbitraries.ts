import fc from "fast-check";

const encoder = new TextEncoder();

/** Text in which words, separators and every script are likely. */
export const text = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.stringMatching(/^[a-zA-Z]{0,20}$/) },
      { weight: 3, arbitrary: fc.constantFrom(" ", "\n", "\r\n", "-", "0", "\0", "_", "’", "é") },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
      { weight: 1, arbitrary: fc.constantFrom("слово", "語", "שלום", "𝒳", "𐐷", "ǅ", "e\u0301") },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map((n) => "x".repeat(n)) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => encoder.encode(parts.join("")));

/** Bytes that are nearly UTF-8: truncated, overlong, surrogates, beyond the last code point. */
export const brokenText = fc
  .array(
    fc.oneof(
      fc.constantFrom<readonly number[]>(
        [0x61],
        [0x20],
        [0xc3],
        [0xc3, 0xa9],
        [0xc0, 0xaf],
        [0xe0, 0x80, 0xaf],
        [0xe0, 0xa4, 0x85],
        [0xe8, 0xaa],
        [0xed, 0xa0, 0x80],
        [0xf0, 0x9d, 0x92, 0xb3],
        [0xf0, 0x9d, 0x92],
        [0xf0, 0x8f, 0xbf, 0xbf],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf5, 0x80, 0x80, 0x80],
        [0xef, 0xbb, 0xbf],
        [0xff],
        [0x80],
      ),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }),
      fc.integer({ min: 0xc0, max: 0xff }).map((byte) => [byte]),
    ),
    { maxLength: 120 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

/** Keys of any bytes: short and long, with NULs, with common prefixes. */
export const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 0x61, 0xff), { maxLength: 20 }).map((k) => Uint8Array.from(k)),
  fc.tuple(fc.integer({ min: 0, max: 70 }), fc.uint8Array({ maxLength: 4 })).map(([n, tail]) => {
    return Uint8Array.from([...new Uint8Array(n).fill(0x62), ...tail]);
  }),
);
