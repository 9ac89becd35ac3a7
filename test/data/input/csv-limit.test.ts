// Tests src/mr/data/input/csv.ts: the limit of a row's length.

import { beforeAll, describe, expect, it } from "vitest";
import type { InputSource, Reader } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { PlainKernel } from "../../kernel/plain-kernel.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type Reading, type ReadingOptions, readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function read(
  reader: Reader<unknown>,
  contents: string,
  options: ReadingOptions = {},
): Promise<Reading & { readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  const onSkipped = (place: string, why: string) => void reasons.push(`${place}: ${why}`);
  const reading = await readContents(directory, reader, contents, { onSkipped, ...options });
  return { ...reading, reasons };
}

/** A file of which no more is in memory than a reader asks for. */
class EndlessRow implements InputSource {
  readonly file = "endless.csv";
  readonly start = 0;
  readonly end = 8 * 2 ** 20;
  /** Of those that were read into. */
  largestBuffer = 0;
  readonly #begin: Buffer;
  readonly #rest: string;

  constructor(begin: string, rest: string) {
    this.#begin = Buffer.from(begin);
    this.#rest = rest;
  }

  read(target: Uint8Array, from: number, position: number): number {
    this.largestBuffer = Math.max(this.largestBuffer, target.buffer.byteLength);
    const isBegin = position < this.#begin.length;
    const left = (isBegin ? this.#begin.length : this.end) - position;
    const part = target.subarray(from, from + Math.max(0, left));
    if (isBegin) part.set(this.#begin.subarray(position, position + part.length));
    else {
      const phase = (position - this.#begin.length) % this.#rest.length;
      const rest = this.#rest.slice(phase) + this.#rest.slice(0, phase);
      Buffer.from(part.buffer, part.byteOffset, part.length).fill(rest);
    }
    return part.length;
  }
}

const NOT_CLOSED = "this quote is not closed before the row is longer than 12 bytes (maxRowBytes)";

describe("the longest row of csv()", () => {
  const reader = csv({ maxRowBytes: 12 });

  it("F20 may be as long as the limit, not counting its line break", async () => {
    for (const lineBreak of ["\n", "\r\n"]) {
      const lines = [
        "a,b",
        "1,2345678901",
        '2,"34567890"',
        "3,23456789012",
        '4,"345678901"',
        "5,x",
      ];
      const reading = await read(reader, lines.join(lineBreak), { skipBadRecords: true });
      expect(reading.places).toEqual(["line 2", "line 3", "line 6"]);
      expect(reading.reasons).toEqual([
        "line 4, column 1: the row is longer than 12 bytes (maxRowBytes)",
        // Its quote is the byte behind the limit, so it may still be the first of two.
        `line 5, column 3: ${NOT_CLOSED}`,
      ]);
      expect(reading.skipped).toBe(2);
    }
  });

  it("F20 costs the line that a quote is in which is never closed", async () => {
    const contents = `a,b\n1,x\n2,"q\n${"3,y\n".repeat(20)}`;
    for (const splitBytes of [6, 1000]) {
      const reading = await read(reader, contents, { skipBadRecords: true, splitBytes });
      expect(reading.records).toHaveLength(21);
      expect(reading.reasons).toEqual([`line 3, column 3: ${NOT_CLOSED}`]);
    }
  });

  it("F20 is named with file, line and column, and with where it began", async () => {
    const message = `Cannot read input "input.txt": line 4, column 4: ${NOT_CLOSED}`;
    const contents = `a,b\n1,x\n"2\né","y${"z\n".repeat(20)}`;
    for (const splitBytes of [6, 1000]) {
      await expect(read(reader, contents, { splitBytes })).rejects.toThrow(
        mrError("INPUT_MALFORMED", `${message}, in the row that begins in line 3`),
      );
    }
  });

  it("holds for the header, which is an error in any case", async () => {
    const reading = read(reader, '"a,b\n1,x\n2,y\n3,z\n', { skipBadRecords: true });
    await expect(reading).rejects.toThrow(
      mrError("INPUT_MALFORMED", `line 1, column 1: ${NOT_CLOSED}`),
    );
  });

  it("is 16 MiB unless told", async () => {
    const long = "x".repeat(16 * 2 ** 20 - 2);
    const contents = `a,b\n1,${long}\n2,${long}x\n3,y\n`;
    const reading = await read(csv({ column: "a" }), contents, { skipBadRecords: true });
    expect(reading.records).toEqual(["1", "3"]);
    expect(reading.reasons).toEqual([
      "line 3, column 1: the row is longer than 16777216 bytes (maxRowBytes)",
    ]);
  });

  it.each([
    ["a quote that is never closed", 'a,b\n1,x\n2,"', "3,y\n", 2_000_000],
    ["a line that never ends", "a,b\n1,x\n2,", "y", 1],
    ["a line with a quote out of place that never ends", 'a,b\n1,x\n2,y"', "y", 1],
  ])("bounds what %s takes of memory", (_, begin, rest, least) => {
    const maxRowBytes = 2 ** 20;
    const input = new EndlessRow(begin, rest);
    const scanner = new PlainKernel(64, 1);
    const options = {
      skipBadRecords: true,
      progress: () => undefined,
      scanner,
      words: new WordScan(scanner),
    };
    const cursor = csv({ column: "a", maxRowBytes }).open(input, options);
    let records = 0;
    while (cursor.load()) while (cursor.next() !== undefined) records += 1;
    expect(cursor.skipped).toBeGreaterThanOrEqual(1);
    expect(records).toBeGreaterThanOrEqual(least);
    expect(input.largestBuffer).toBeLessThanOrEqual(2 * maxRowBytes);
  });

  it.each([0, -1, 1.5, Number.NaN, 536_870_889, "1"])("is no such thing as %j", (maxRowBytes) => {
    expect(() => csv({ maxRowBytes } as object)).toThrow(TypeError);
    expect(() => csv({ maxRowBytes } as object)).toThrow(
      `csv: "maxRowBytes" is a whole number from 1 to 536870888, not ${maxRowBytes}`,
    );
  });
});
