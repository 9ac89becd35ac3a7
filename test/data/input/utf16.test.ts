// Tests that every reader decodes UTF-16 by its byte order mark, or refuses it by name, compressed or not.

import * as zlib from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import type { InputSource, Reader } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import { recordsFrom } from "../../../src/mr/data/input/records-from.ts";
import { wholeFile } from "../../../src/mr/data/input/whole-file.ts";
import { classicToRecordForm } from "../../../src/mr/data/task/classic-form.ts";
import { PlainKernel } from "../../kernel/plain-kernel.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readContents } from "./reading.ts";

// Node 22.15 brought zstd; the types of Node 20 don't know it.
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };

const TEXT = '"é"\n"漢𐐨"\n';

/** All bytes of a file, in hexadecimal digits. */
function bytesOf(options?: { readonly encoding?: string | false }): Reader<string> {
  return recordsFrom(
    "all",
    async function* ({ chunks }) {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      yield Buffer.concat(all).toString("hex");
    },
    options,
  );
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const classic = classicToRecordForm({ map: () => [], reduce: () => "" }).input;

/** Readers, and the records that they make of {@link TEXT}. */
const TEXT_READERS: readonly [string, Reader<unknown>, unknown[]][] = [
  ["lines()", lines(), ['"é"', '"漢𐐨"']],
  ["blocks()", blocks(), [TEXT]],
  ["csv()", csv({ header: false }), [["é"], ["漢𐐨"]]],
  ["jsonLines()", jsonLines(), ["é", "漢𐐨"]],
  ["wholeFile() of text", wholeFile({ encoding: "utf-8" }), [TEXT]],
  ["recordsFrom() of text", bytesOf({ encoding: "utf-8" }), [hex(Buffer.from(TEXT))]],
  ["the classic form", classic, [TEXT]],
];

/** How a file is stored. */
const STORED: readonly [string, string, (bytes: Buffer) => Buffer][] = [
  ["plain", "input.txt", (bytes) => bytes],
  ["in gzip", "input.gz", (bytes) => zlib.gzipSync(bytes)],
  ...(zstdCompressSync === undefined
    ? []
    : [["in zstd", "input.zst", zstdCompressSync] as (typeof STORED)[number]]),
];

const ENCODINGS: readonly [string, (text: string) => Buffer][] = [
  ["utf-16le", (text) => Buffer.from(text, "utf16le")],
  ["utf-16be", (text) => Buffer.from(text, "utf16le").swap16()],
];

let directory: string;
beforeAll(() => {
  directory = temporaryDirectory();
});

describe.each(STORED)("UTF-16 %s", (_, name, store) => {
  async function recordsOf(reader: Reader<unknown>, bytes: Buffer): Promise<unknown[]> {
    return (await readContents(directory, reader, store(bytes), { name, splitBytes: 7 })).records;
  }

  describe.each(ENCODINGS)("as %s", (__, encode) => {
    it.each(TEXT_READERS)("F18 is decoded by %s", async (___, reader, expected) => {
      const records = await recordsOf(reader, encode(`\ufeff${TEXT}`));
      const isText = reader.name.startsWith("blocks");
      expect(isText ? [records.map(String).join("")] : records).toEqual(expected);
    });

    it.each([
      ["wholeFile()", wholeFile(), "wholeFile({ encoding: "],
      ["recordsFrom()", bytesOf(), "recordsFrom(…, { encoding: "],
    ])("F18 is refused by name by %s of any file", async (___, reader, option) => {
      const error = mrError("INPUT_UNSUPPORTED", name, "UTF-16", `${option}"utf-8" })`, "false");
      await expect(recordsOf(reader, encode(`\ufeff${TEXT}`))).rejects.toThrow(error);
      await expect(recordsOf(reader, encode("\ufeff"))).rejects.toThrow(error);
    });

    it("F18 is kept by readers of bytes with no encoding", async () => {
      const bytes = encode(`\ufeff${TEXT}`);
      expect(await recordsOf(bytesOf({ encoding: false }), bytes)).toEqual([hex(bytes)]);
      const whole = recordsOf(wholeFile({ encoding: false }), bytes);
      expect((await whole).map(String)).toEqual([bytes.toString()]);
    });
  });
});

describe("wholeFile() and recordsFrom()", () => {
  it("F18 refuse UTF-32 by name, and read files that only begin as a byte order mark does", async () => {
    const utf32 = Buffer.from("fffe000061000000", "hex");
    const error = mrError("INPUT_UNSUPPORTED", "input.txt", "UTF-32", "false");
    for (const reader of [wholeFile(), bytesOf()] as Reader<unknown>[]) {
      await expect(readContents(directory, reader, utf32)).rejects.toThrow(error);
      for (const begin of ["", "ff", "fe", "fffb9064", "ffd8ffe0", "efbbbf61"]) {
        const { records } = await readContents(directory, reader, Buffer.from(begin, "hex"));
        expect(records).toHaveLength(1);
      }
    }
    const { records } = await readContents(directory, bytesOf(), Buffer.from("efbbbf61", "hex"));
    expect(records).toEqual(["efbbbf61"]);
  });
});

describe("a byte order mark that is read in pieces of one byte", () => {
  const hexOf = (text: string) => Buffer.from(text).toString("hex");
  /** The record of a file, of which one byte is read at a time. */
  async function readPieces(reader: Reader<unknown>, bytes: Buffer): Promise<string> {
    const source: InputSource = {
      ...{ file: "input.txt", start: 0, end: bytes.length },
      read: (target, from, position) => bytes.copy(target, from, position, position + 1),
    };
    const scanner = new PlainKernel(64, 1);
    const words = new WordScan(scanner);
    const progress = () => undefined;
    const cursor = reader.open(source, { skipBadRecords: false, progress, scanner, words });
    try {
      expect(await cursor.load()).toBe(true);
      return String(cursor.next());
    } finally {
      cursor.close?.();
    }
  }

  const UTF32 = Buffer.from("fffe000061000000", "hex");

  it("F18 is taken for what it is by readers of text", async () => {
    const readers = [
      [wholeFile({ encoding: "utf-8" }), TEXT],
      [bytesOf({ encoding: "utf-8" }), hexOf(TEXT)],
    ] as readonly [Reader<unknown>, string][];
    for (const [reader, expected] of readers) {
      for (const encode of [Buffer.from, ...ENCODINGS.map(([, encoder]) => encoder)]) {
        expect(await readPieces(reader, encode(`\ufeff${TEXT}`))).toBe(expected);
      }
      await expect(readPieces(reader, UTF32)).rejects.toThrow(
        mrError("INPUT_UNSUPPORTED", "input.txt", "UTF-32"),
      );
    }
  });

  it("F18 is refused by name by readers of any file", async () => {
    for (const reader of [wholeFile(), bytesOf()] as Reader<unknown>[]) {
      for (const [, encode] of ENCODINGS) {
        await expect(readPieces(reader, encode(`\ufeff${TEXT}`))).rejects.toThrow(
          mrError("INPUT_UNSUPPORTED", "input.txt", "UTF-16"),
        );
      }
      await expect(readPieces(reader, UTF32)).rejects.toThrow(
        mrError("INPUT_UNSUPPORTED", "input.txt", "UTF-32"),
      );
    }
  });
});
