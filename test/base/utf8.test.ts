// Tests which byte of a text is said not to be UTF-8.

import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, replacedUtf8At, watchReplaced } from "../../src/mr/base/utf8.ts";

function at(bytes: Buffer): number {
  return replacedUtf8At(bytes, bytes.toString("utf8"));
}

describe("the first byte that is not UTF-8", () => {
  it("is where U+FFFD replaces it, and not where the text has that character", () => {
    expect(at(Buffer.from("plain"))).toBe(-1);
    expect(at(Buffer.from("\ufeffé \ufffd 漢 𐐨\ufffd"))).toBe(-1);
    expect(at(Buffer.from("caf\xe9 au lait", "latin1"))).toBe(3);
    expect(at(Buffer.concat([Buffer.from("é\ufffd漢"), Buffer.from([0xff])]))).toBe(8);
    // A lone surrogate, and a character that is cut.
    expect(at(Buffer.from([0x61, 0xed, 0xa0, 0x80]))).toBe(1);
    expect(at(Buffer.from([0x61, 0xe6, 0xbc]))).toBe(1);
    expect(at(Buffer.from([0xef, 0xbf, 0xbd, 0xef, 0xbf]))).toBe(3);
  });

  it("is there exactly if the bytes are not UTF-8, and all before it are", () => {
    const piece = fc.oneof(
      fc.constantFrom("a", "é", "漢", "𐐨", "\ufffd").map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        const found = at(bytes);
        expect(found === -1).toBe(isUtf8(bytes));
        if (found > 0) expect(isUtf8(bytes.subarray(0, found))).toBe(true);
      }),
    );
  });
});

describe("a watch for bytes that are not UTF-8", () => {
  const reported = (bytes: number[]) => {
    const found: number[] = [];
    watchReplaced({
      record: undefined,
      isReported: false,
      report: (byte) => {
        found.push(byte);
        return false;
      },
      give: () => undefined,
      suspect: () => undefined,
    });
    try {
      decodeUtf8(Uint8Array.from(bytes));
    } finally {
      watchReplaced(undefined);
    }
    return found;
  };

  it("reports the first that is lost, and no surrogate that the text keeps", () => {
    expect(reported([0x61, 0xff, 0xfe])).toEqual([0xff]);
    expect(reported([0xed, 0xa0, 0x80])).toEqual([]);
    expect(reported([0xed, 0xa0, 0x80, 0xff])).toEqual([0xff]);
  });

  it("reports a surrogate pair in six bytes, which the text has as one character", () => {
    expect(reported([0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80])).toEqual([0xed]);
  });
});
