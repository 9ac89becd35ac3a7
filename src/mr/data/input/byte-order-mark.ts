const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = new Map([
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
]);

/** How long the UTF-8 mark is that a file begins with; 0 if there is none. */
export function utf8MarkLength(begin: Buffer): number {
  return begin.subarray(0, UTF8_MARK.length).equals(UTF8_MARK) ? UTF8_MARK.length : 0;
}

/** Which UTF-16 a file is in, by its byte order mark; undefined if it has none of that. */
export function utf16EncodingOf(begin: Buffer): string | undefined {
  for (const [encoding, mark] of UTF16_MARKS) {
    if (begin.subarray(0, mark.length).equals(mark)) return encoding;
  }
  return undefined;
}
