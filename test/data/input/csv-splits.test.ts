import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { InputSource } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { PlainKernel } from "../../kernel/plain-kernel.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

/** What is read of a file that is cut into splits of this size, or why it cannot be read. */
async function readCut(options: object, contents: Uint8Array, splitBytes: number, skip: boolean) {
  const skipped: string[] = [];
  const onSkipped = (place: string, why: string) => void skipped.push(`${place}: ${why}`);
  const readOptions = { skipBadRecords: skip, onSkipped, splitBytes };
  try {
    const { records, places } = await readContents(directory, csv(options), contents, readOptions);
    return { records, places, skipped };
  } catch (error) {
    return { failed: String(error) };
  }
}

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(typeof part === "string" ? part : [part])));

/** Pieces of files: bytes that are not UTF-8, quotes, delimiters, and line breaks of all kinds. */
const piece = fc.constantFrom(
  ...["a", "bc", ";", ";", '"', "'", '""', '"x\ny"', "é", "\u20ac", "\ufeff", "\0"],
  ...[
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\r\r\n",
    "\n\n",
    "1;2\n",
    "3;4\r\n",
    '"p";q\n',
    "long;field\n",
  ],
  ...[0xe9, 0xff, 0xc3, 0x80],
);
/** The encodings of a lone surrogate, which is text, and of two that form a pair, which is not. */
const surrogates = fc.constantFrom(
  bytes(0xed, 0xa0, 0x81),
  bytes(0xed, 0xa0, 0x81, 0xed, 0xb0, 0x80),
);
/** First rows that are damaged, and such that the rows before the head are long. */
const begin = fc.constantFrom(
  bytes(),
  bytes("\ufeff"),
  bytes("caf", 0xe9, ";x\n"),
  bytes('a"b;c\n'),
  bytes('"never closed;x\n'),
  bytes("\n\r\n", 0xff, "\n", 0xff, ";", 0xff, "\n"),
  bytes("much longer than a row may be;x\n"),
);
const file = fc
  .tuple(
    begin,
    fc.array(
      fc.oneof(
        { weight: 12, arbitrary: piece.map((it) => bytes(it)) },
        { weight: 1, arbitrary: surrogates },
      ),
      {
        maxLength: 40,
      },
    ),
  )
  .map(([first, rest]) => Buffer.concat([first, ...rest]));

const format = fc.record(
  {
    delimiter: fc.constantFrom(";", ";;"),
    header: fc.boolean(),
    quote: fc.constantFrom<string | false>('"', "'", false),
    maxRowBytes: fc.constantFrom(5, 12, 1000),
    encoding: fc.constantFrom("utf-8", "latin1"),
    column: fc.constant(0),
  },
  { requiredKeys: ["delimiter", "header", "quote"] },
);

describe("the splits of a CSV file", () => {
  it.each([
    ["is not UTF-8", bytes("0,caf", 0xe9, "\n")],
    ["and the second are not UTF-8", bytes("0,caf", 0xe9, "\n", 0xff, ",\n")],
    ["has a quote out of place", bytes('0,"x"y\n')],
    ["is the encoding of a surrogate pair", bytes("0,", 0xed, 0xa0, 0x81, 0xed, 0xb0, 0x80, "\n")],
  ])("F18 have all rows when the first row %s", async (_, first) => {
    const rows = Array.from({ length: 200 }, (__, i) => `${i},ok\n`);
    const contents = Buffer.concat([first, Buffer.from(rows.join(""))]);
    const whole = await readCut({ header: false, column: 0 }, contents, 2 ** 30, true);
    expect(whole.records).toEqual([...rows.keys()].map(String));
    const cut = await readCut({ header: false, column: 0 }, contents, 40, true);
    expect(cut).toEqual(whole);
  });

  it("F18 have the same rows however large they are", async () => {
    await fc.assert(
      fc.asyncProperty(file, format, fc.boolean(), async (contents, options, skip) => {
        const whole = await readCut(options, contents, 2 ** 20, skip);
        expect(await readCut(options, contents, 17, skip)).toEqual(whole);
        expect(await readCut(options, contents, 3, skip)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it("F18 fail when the first row is not where the plan says", async () => {
    const contents = bytes("0,caf", 0xe9, "\n1,a\n2,b\n");
    const source: InputSource = {
      file: "a.csv",
      start: 11,
      end: contents.length,
      resume: "7:1",
      read: (target, from, position) => contents.copy(target, from, position),
    };
    const scanner = new PlainKernel(64, 1);
    const options = {
      skipBadRecords: true,
      progress: () => undefined,
      scanner,
      words: new WordScan(scanner),
    };
    const cursor = csv({ header: false }).open(source, options);
    const readAll = async () => {
      while (await cursor.load()) while (cursor.next() !== undefined);
    };
    await expect(readAll()).rejects.toThrow(mrError("INPUT_CHANGED", '"a.csv"', "first row"));
  });
});
