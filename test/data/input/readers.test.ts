// Tests the readers in src/mr/data/input, and plan-job.ts.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "node:querystring";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { lines } from "../../../src/mr/data/input/lines.ts";
import { openInput } from "../../../src/mr/data/input/open-input.ts";
import { cutEvenly, defaultSplitBytes } from "../../../src/mr/data/input/plan-job.ts";
import { recordsFrom } from "../../../src/mr/data/input/records-from.ts";
import { wholeFile } from "../../../src/mr/data/input/whole-file.ts";
import { createKernel } from "../../../src/mr/kernel/create-kernel.ts";
import { storageFor } from "../../../src/mr/storage/registry.ts";
import { MemoryInput } from "../../../src/mr/testing/run-map.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type Reading, type ReadingOptions, readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

/** Reads an input of these contents in the directory of the tests. */
async function read<R>(
  reader: Reader<R>,
  contents: string | Uint8Array,
  options: ReadingOptions = {},
): Promise<Reading> {
  return await readContents(directory, reader, contents, options);
}

describe("cutEvenly", () => {
  it("covers the file with parts of about one size, none above the limit", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 34), fc.integer({ min: 2 ** 24, max: 2 ** 30 }), (size, limit) => {
        const splits = cutEvenly({ file: "f", start: 0, end: size }, limit);
        let end = 0;
        for (const split of splits) {
          expect(split.start).toBe(end);
          end = split.end;
        }
        expect(end).toBe(size);
        const sizes = splits.map((split) => split.end - split.start);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("leaves empty files in one piece, and keeps what is known of a file", () => {
    const empty = { file: "a.txt", start: 0, end: 0, size: 0, version: "1" };
    expect(cutEvenly(empty, 10)).toEqual([empty]);
    const whole = { ...empty, end: 20, size: 20 };
    expect(cutEvenly(whole, 10)).toEqual([
      { ...whole, end: 10 },
      { ...whole, start: 10 },
    ]);
  });
});

describe("defaultSplitBytes", () => {
  it("is 64 MiB, less for jobs with few tasks, and never less than 32 MiB", () => {
    const mebibytes = [1, 1024, 2048, 4096, 1e6].map(
      (size) => defaultSplitBytes(size * 2 ** 20) / 2 ** 20,
    );
    expect(mebibytes).toEqual([32, 32, 32, 64, 64]);
  });
});

describe("inputs", () => {
  it("are decompressed when their name ends in .gz, several members included", async () => {
    const packed = Buffer.concat([gzipSync("one\ntw"), gzipSync("o\nthree")]);
    const { records, offsets } = await read(lines(), packed, { name: "a.gz" });
    expect(records).toEqual(["one", "two", "three"]);
    expect(offsets).toEqual([0, 4, 8]);
  });

  it("F17 that are directories, or are not there, are clear errors", async () => {
    mkdirSync(join(directory, "d"));
    const split = { file: "d", start: 0, end: 0 };
    await expect(openInput(storageFor, directory, split)).rejects.toThrow(
      mrError("INPUT_UNREADABLE", '"d"', "is a directory"),
    );
    const none = { ...split, file: "none" };
    await expect(openInput(storageFor, directory, none)).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"none"', "ENOENT"),
    );
  });

  it.each([lines(), wholeFile(), jsonLines(), csv({ header: false })])(
    "F16 that are empty are read without a fault: $name",
    async (reader) => {
      const { records } = await read<unknown>(reader, "");
      expect(records).toEqual(reader.name === "wholeFile()" ? [""] : []);
    },
  );
});

describe("lines and whole files", () => {
  it("F20 too long a line is an error where an earlier one has left room for it", async () => {
    const contents = `${"x".repeat(290)}\n${"y".repeat(310)}\n`;
    await expect(read(lines(), contents, { maxRecordBytes: 300 })).rejects.toThrow(
      mrError("INPUT_TOO_LARGE", '"input.txt"', "line at byte 291"),
    );
  });

  it("F20 that are too long are an error that names file and offset", async () => {
    const contents = `short\n${"x".repeat(500)}\n`;
    await expect(read(lines(), contents, { maxRecordBytes: 300 })).rejects.toThrow(
      mrError("INPUT_TOO_LARGE", '"input.txt"', "line at byte 6"),
    );
    await expect(read(wholeFile(), contents, { maxRecordBytes: 300 })).rejects.toThrow(
      mrError("INPUT_TOO_LARGE", '"input.txt"'),
    );
    const packed = { maxRecordBytes: 300, name: "w.gz" };
    await expect(read(wholeFile(), gzipSync(contents), packed)).rejects.toThrow(
      mrError("INPUT_TOO_LARGE", '"w.gz"'),
    );
    expect((await read(lines(), contents, { maxRecordBytes: 700 })).records).toHaveLength(2);
  });

  it("F18 F19 keep all bytes of a whole file", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    let seen: number[] = [];
    const spy: Reader<unknown> = {
      ...wholeFile(),
      open(source, options) {
        const cursor = wholeFile().open(source, options);
        return {
          offset: 0,
          load: () => cursor.load(),
          next() {
            const record = cursor.next();
            if (record !== undefined) seen = [...record.view()];
            return record;
          },
        };
      },
    };
    await read(spy, bytes);
    expect(seen).toEqual([...bytes]);
  });
});

describe("jsonLines()", () => {
  it("names the byte of a malformed line where lines can't be counted without waiting", async () => {
    const memory = new MemoryInput("a.json", '1\n2\n{"n":,}\n3\n');
    const source = {
      file: memory.file,
      start: 2,
      end: memory.end,
      read: async (target: Uint8Array, from: number, position: number) => {
        return memory.read(target, from, position);
      },
    };
    const scanner = createKernel();
    const words = new WordScan(scanner);
    const cursor = jsonLines().open(source, {
      skipBadRecords: false,
      progress: () => undefined,
      scanner,
      words,
    });
    await cursor.load();
    expect(cursor.next()).toBe(2);
    expect(() => cursor.next()).toThrow(
      mrError(
        "INPUT_MALFORMED",
        'Cannot read input "a.json": the line at byte 4, column 6: unexpected "," in JSON',
      ),
    );
  });

  it("reads the values of lines at any cut, and leaves empty lines out", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.integer({ min: 1, max: 80 }),
        async (values, splitBytes) => {
          const texts = values.map((value) => JSON.stringify(value));
          const { records } = await read(jsonLines(), texts.join("\n \n"), { splitBytes });
          expect(records).toEqual(texts.map((text) => JSON.parse(text) as unknown));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["{}\n[1,2,x]\n", 'line 2, column 6: unexpected "x" in JSON'],
    ['{}\n\n{"a":1,}\n', 'line 3, column 8: unexpected "}" in JSON'],
    ['{"a" 1}', 'line 1, column 6: unexpected "1" in JSON'],
    ["[1", "line 1, column 3: the line ends within the JSON value"],
    ['"ab', "line 1, column 4: the line ends within a string"],
    ['"a\\x"', 'line 1, column 3: unexpected "\\\\" in JSON'],
    ['["a\\"\t"]', 'line 1, column 6: unexpected "\\t" in JSON'],
    ['"\t"', 'line 1, column 2: unexpected "\\t" in JSON'],
    ['{"a":1,"b\\u12"}', 'line 1, column 10: unexpected "\\\\" in JSON'],
    ["1 2", 'line 1, column 3: unexpected "2" in JSON'],
    ['{"a":[{},{"b":tru}]}', 'line 1, column 15: unexpected "t" in JSON'],
  ])("names file, line and column of what is no JSON: %j", async (contents, where) => {
    for (const splitBytes of [1e6, 3]) {
      await expect(read(jsonLines(), contents, { splitBytes })).rejects.toThrow(
        mrError("INPUT_MALFORMED", `Cannot read input "input.txt": ${where}`),
      );
    }
  });

  it.each([
    ["a string that is not closed", `{"a":"${"x".repeat(12e6)}`, 12000007, "within a string"],
    ["many escapes", `"${"\\n".repeat(6e6)}\\x"`, 12000002, 'unexpected "\\\\"'],
    ["a long number", `${"1".repeat(12e6)}x`, 12000001, 'unexpected "x"'],
    ["spaces", `${" ".repeat(12e6)}x`, 12000001, 'unexpected "x"'],
    ["many short strings", `[${'"",'.repeat(4e6)}]`, 12000002, 'unexpected "]"'],
  ])("F52 names the place of an error in a line of 12 MB: %s", async (_, line, column, why) => {
    await expect(read(jsonLines(), line)).rejects.toThrow(
      mrError("INPUT_MALFORMED", `line 1, column ${column}: `, why),
    );
  });

  it("leaves malformed lines out and counts them, when told to", async () => {
    const contents = "1\nx\n2\n{\n3";
    const { records, skipped } = await read(jsonLines(), contents, { skipBadRecords: true });
    expect(records).toEqual([1, 2, 3]);
    expect(skipped).toBe(2);
  });
});

describe("recordsFrom()", () => {
  it("makes a reader of a generator, of either kind", async () => {
    const sync = recordsFrom("pairs", function* ({ file }) {
      yield { file };
      yield { file: stringify({ file }) };
    });
    expect((await read(sync, "x")).records).toEqual([
      { file: "input.txt" },
      { file: "file=input.txt" },
    ]);
    const later = recordsFrom("chunks", async function* ({ chunks }) {
      for await (const chunk of chunks) yield chunk.length;
    });
    expect((await read(later, "x".repeat(300_000))).records).toEqual([262144, 37856]);
  });

  it("passes an error of the generator on", async () => {
    const reader = recordsFrom("faulty", function* () {
      yield 1;
      throw new Error("no more");
    });
    await expect(read(reader, "x")).rejects.toThrow("no more");
  });
});
