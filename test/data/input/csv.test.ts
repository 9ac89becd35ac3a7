import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { CsvRows } from "../../../src/mr/data/input/csv-rows.ts";
import { CsvScanner } from "../../../src/mr/data/input/csv-scanner.ts";
import { planJob } from "../../../src/mr/data/input/plan-job.ts";
import type { Splitting } from "../../../src/mr/job/split.ts";
import { statInput, storageFor } from "../../../src/mr/storage/registry.ts";
import { MemoryInput } from "../../../src/mr/testing/run-map.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type Reading, type ReadingOptions, readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function read<R>(
  reader: Reader<R>,
  contents: string | Uint8Array,
  options: ReadingOptions = {},
): Promise<Reading> {
  return await readContents(directory, reader, contents, options);
}

/** What is left out of a file, and why. */
async function readSkipping(
  reader: Reader<unknown>,
  contents: string,
): Promise<Reading & { readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  const onSkipped = (place: string, why: string) => void reasons.push(`${place}: ${why}`);
  const reading = await read(reader, contents, { skipBadRecords: true, onSkipped });
  return { ...reading, reasons };
}

/** Rows of fields that are quoted where they must be, and sometimes where they need not be. */
const wellFormedCsv = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.array(
      fc.tuple(fc.string({ unit: fc.constantFrom("a", ";", '"', "\n", "é", " ") }), fc.boolean()),
    ),
    fc.constantFrom("\n", "\r\n", "\r"),
    fc.boolean(),
  )
  .map(([width, fields, lineBreak, isMarked]) => {
    const texts = fields.map(([text, isQuoted]) =>
      isQuoted || /[";\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
    );
    const rows: string[] = [];
    for (let at = 0; at + width <= texts.length; at += width) {
      rows.push(texts.slice(at, at + width).join(";"));
    }
    return `${isMarked ? "\uFEFF" : ""}${rows.join(lineBreak)}`;
  });

/** Rows into which quotes, delimiters and line breaks were put, or from which they were taken. */
const damagedCsv = fc
  .tuple(
    wellFormedCsv,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('"', ";", "\n", "")), { maxLength: 4 }),
  )
  .map(([contents, damages]) => {
    let damaged = contents;
    for (const [place, symbol] of damages) {
      const at = place % (damaged.length + 1);
      damaged = damaged.slice(0, at) + symbol + damaged.slice(at + (symbol === "" ? 1 : 0));
    }
    return damaged;
  });

/** Whatever else there may be in a file that is called CSV. */
const anyCsv = fc.string({
  unit: fc.constantFrom("a", "b", ";", '"', "\n", "\r", "\0", "é"),
  maxLength: 60,
});

/** Rows and damaged rows as a regular expression finds them; each line break outside quotes ends a row. */
function readPlainly(contents: string, maxRowBytes: number): { rows: string[][]; bad: number } {
  const row = /(?:"(?:[^"]|"")*"|[^";\r\n]*)(?:;(?:"(?:[^"]|"")*"|[^";\r\n]*))*(?:\r\n|\r|\n|$)/y;
  const field = /;(?:"((?:[^"]|"")*)"|([^";\r\n]*))/g;
  const rowEnd = /(?:\r\n|\r|\n)$/;
  const text = contents.replace(/^\uFEFF/, "");
  const rows: string[][] = [];
  let bad = 0;
  for (let at = 0; at < text.length; ) {
    row.lastIndex = at;
    const found = row.exec(text)?.[0];
    if (found === undefined || Buffer.byteLength(found.replace(rowEnd, "")) > maxRowBytes) {
      bad += 1;
      const [line = ""] = /^[^\r\n]*(?:\r\n|\r|\n|$)/.exec(text.slice(at)) ?? [];
      at += line.length;
      continue;
    }
    at += found.length;
    const line = found.replace(rowEnd, "");
    if (line === "") continue;
    const fields = Array.from(`;${line}`.matchAll(field), ([, quoted, plain]) => {
      return quoted?.replaceAll('""', '"') ?? plain ?? "";
    });
    if (rows.length > 0 && fields.length !== rows[0]?.length) bad += 1;
    else rows.push(fields);
  }
  return { rows, bad };
}

describe("csv()", () => {
  it("gives the same rows, bad ones and places however a file is split", async () => {
    const readers = [
      {},
      { header: false },
      { maxRowBytes: 7 },
      { header: false, maxRowBytes: 5 },
    ].map((options) => csv({ delimiter: ";", ...options }));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(wellFormedCsv, damagedCsv, anyCsv),
        fc.constantFrom(...readers),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (contents, reader, skipBadRecords, splitBytes) => {
          const cut = async (size: number) => {
            const skipped: string[] = [];
            const onSkipped = (place: string, why: string) => void skipped.push(place + why);
            const options = { skipBadRecords, onSkipped, splitBytes: size };
            const reading = await read<unknown>(reader, contents, options).catch(String);
            return { reading, skipped };
          };
          expect(await cut(splitBytes)).toEqual(await cut(2 ** 30));
        },
      ),
      { numRuns: 1200 },
    );
  });

  it("finds the rows, and the damaged ones, that a regular expression finds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(damagedCsv, anyCsv),
        fc.constantFrom(3, 8, 1000),
        async (contents, maxRowBytes) => {
          const reader = csv({ header: false, delimiter: ";", maxRowBytes });
          const { records, skipped } = await read(reader, contents, { skipBadRecords: true });
          expect({ rows: records, bad: skipped }).toEqual(readPlainly(contents, maxRowBytes));
        },
      ),
      { numRuns: 600 },
    );
  });

  it("reads what is well-formed as csv-parse does", async () => {
    const reader = csv({ header: false, delimiter: ";" });
    await fc.assert(
      fc.asyncProperty(wellFormedCsv, async (contents) => {
        const { records } = await read(reader, contents);
        const options = { delimiter: ";", bom: true, skip_empty_lines: true };
        expect(records).toEqual(parse(contents, options));
      }),
      { numRuns: 300 },
    );
  });

  it("reads the same from blocks of one byte", () => {
    fc.assert(
      fc.property(fc.oneof(wellFormedCsv, damagedCsv, anyCsv), fc.nat(30), (contents, limit) => {
        const rowsOf = (blockBytes: number) => {
          const source = new MemoryInput("a", contents);
          const sliced = Object.assign(Object.create(source), {
            file: "a",
            read: (target: Uint8Array, from: number, position: number) =>
              source.read(target.subarray(0, from + blockBytes), from, position),
          });
          const scanner = new CsvScanner(";;", limit + 1);
          const range = { start: 0, end: source.end, line: 1 };
          const rows = new CsvRows(sliced, scanner, range.start, range.end, range.line);
          const all: unknown[] = [];
          while (rows.load()) {
            while (rows.next()) all.push([rows.offset, rows.line, rows.fields, rows.fault]);
          }
          return all;
        };
        expect(rowsOf(1)).toEqual(rowsOf(1000));
      }),
    );
  });

  it("is not split with options that make no sense", () => {
    const job = {
      app: undefined,
      inputs: [],
      inputDirectory: directory,
      splitBytes: 20,
      workers: 1,
    };
    const plan = planJob(storageFor, job);
    const refused = [
      { scanner: "cvs", options: { delimiter: "," } },
      ...[undefined, "", 1, "x".repeat(101)].map((delimiter) => ({ delimiter })),
      ...[0, 1.5, "9", null].map((maxRowBytes) => ({ delimiter: ",", maxRowBytes })),
      ...["''", "\n", 1, null].map((quote) => ({ delimiter: ",", quote })),
    ].map((it) => ("scanner" in it ? it : { scanner: "csv", options: it }));
    for (const splitting of refused as Splitting[]) {
      expect(() => plan(splitting), JSON.stringify(splitting)).toThrow(
        expect.objectContaining({ code: "USAGE" }),
      );
    }
  });

  it("is split where rows end, behind a quote out of place too", async () => {
    const path = join(directory, "split.csv");
    const row = '1,"a\nb"\n';
    const splitsOf = async (contents: string) => {
      writeFileSync(path, contents);
      const inputs = [await statInput("split.csv", directory)];
      const job = { app: undefined, inputs, inputDirectory: directory, splitBytes: 20, workers: 1 };
      const splits = await planJob(storageFor, job)(csv().splitting);
      return splits.map(({ start, end, resume }) => [start, end, resume]);
    };
    expect(await splitsOf(`id,text\n${row.repeat(5)}`)).toEqual([
      [0, 16, undefined],
      [16, 32, "8:2"],
      [32, 48, "8:6"],
    ]);
    expect(await splitsOf(`id,text\n${row}2,a"\n${row.repeat(5)}`)).toEqual([
      [0, 16, undefined],
      [16, 37, "8:2"],
      [37, 53, "8:7"],
      [53, 61, "8:11"],
    ]);
  });

  it("reads quoted delimiters, quotes and line breaks, by the header or without", async () => {
    const contents = '\ufeffid,text\r\n1,"a, ""b""\r\nc"\r\n2,é\r\n';
    expect((await read(csv(), contents)).records).toEqual([
      { id: "1", text: 'a, "b"\r\nc' },
      { id: "2", text: "é" },
    ]);
    expect((await read(csv({ column: "text" }), contents)).records).toEqual(['a, "b"\r\nc', "é"]);
    expect((await read(csv({ columns: ["text"] }), contents)).records).toEqual([
      { text: 'a, "b"\r\nc' },
      { text: "é" },
    ]);
    const bare = csv({ header: false, delimiter: ";" });
    expect((await read(bare, "a;b\nc;d")).records).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect((await read(csv({ header: false, column: 1 }), "a,b\nc,d")).records).toEqual(["b", "d"]);
  });

  it("names the columns of a file without header as it is told", async () => {
    const reader = csv({ header: false, columns: ["id", "text"] });
    expect((await read(reader, "1,a\n2,b\n")).records).toEqual([
      { id: "1", text: "a" },
      { id: "2", text: "b" },
    ]);
    await expect(read(reader, "1,a,x\n")).rejects.toThrow(
      mrError(
        "USAGE",
        'Cannot read input "input.txt": line 1, column 1: the row has 3 fields, but there are 2 columns',
      ),
    );
  });

  it("leaves empty lines out, though not empty fields", async () => {
    const { records, places } = await read(csv(), '\n\na\n1\n\n""\n\r\n2\n\n');
    expect(records).toEqual([{ a: "1" }, { a: "" }, { a: "2" }]);
    expect(places).toEqual(["line 4", "line 6", "line 8"]);
  });

  it.each([
    ["CR CR LF", "id,n\r\r\n1,a\r\r\n2,b\r\r\n"],
    ["a header with LF before rows with CRLF", "id,n\n1,a\r\n2,b\r\n"],
    ["a header with CRLF before rows with LF", "id,n\r\n1,a\n2,b"],
    ["a header with CR before rows with LF", "id,n\r1,a\n2,b\n"],
    ["CR alone, after a byte order mark", "\ufeffid,n\r1,a\r2,b"],
  ])("F18 ends rows at line breaks of every kind: %s", async (_, contents) => {
    for (const splitBytes of [4, 1000]) {
      const { records } = await read(csv(), contents, { splitBytes });
      expect(records).toEqual([
        { id: "1", n: "a" },
        { id: "2", n: "b" },
      ]);
    }
  });

  it.each([false, null, "", "none"] as const)(
    "takes quotes for characters like others with quote: %j",
    async (quote) => {
      const contents = 'id\ttitle\n1\t5" disk\n2\t"Heroes\n3\tlast"\n4\t""\n';
      for (const splitBytes of [4, 1000]) {
        const reader = csv({ delimiter: "\t", column: "title", quote });
        const { records } = await read(reader, contents, { splitBytes });
        expect(records).toEqual(['5" disk', '"Heroes', 'last"', '""']);
      }
    },
  );

  it("takes another quote", async () => {
    const contents = "a;b\n'x;''y''\n$&';\"\n";
    const { records } = await read(csv({ delimiter: ";", quote: "'" }), contents);
    expect(records).toEqual([{ a: "x;'y'\n$&", b: '"' }]);
  });

  it.each(["utf16le", "utf16be"])("reads %s by its mark", async (encoding) => {
    const bytes = Buffer.from("\ufeffid,text\n1,añ€\n2,漢\n", "utf16le");
    if (encoding === "utf16be") bytes.swap16();
    const { records } = await read(csv(), bytes, { splitBytes: 10 });
    expect(records).toEqual([
      { id: "1", text: "añ€" },
      { id: "2", text: "漢" },
    ]);
  });

  it("F24 takes columns of any name", async () => {
    const { records } = await read(csv(), "__proto__,constructor\n1,2\n");
    expect(JSON.stringify(records)).toBe('[{"__proto__":"1","constructor":"2"}]');
  });

  it("gives the columns in the order of the file, whatever their names are, as pairs", async () => {
    const { records } = await read(csv({ entries: true }), "b,2019,__proto__,1\nx,y,z,\n");
    expect(records).toEqual([
      [
        ["b", "x"],
        ["2019", "y"],
        ["__proto__", "z"],
        ["1", ""],
      ],
    ]);
  });

  it.each([
    ["a,b\n1,2\n3\n", "line 3, column 1: the row has 1 field, the first has 2"],
    ["a,b\n1,2\n3,4,5\n", "line 3, column 1: the row has 3 fields, the first has 2"],
    [
      'a,b\n1,2\né,"x"y\n',
      "line 3, column 6: there is something between a closing quote and the end of the field",
    ],
    ['a,b\n1,x"\n', "line 2, column 4: there is a quote in a field that does not begin with one"],
    ['a,b\n1,"2\n3,4\n', "line 2, column 3: this quote is not closed"],
    [
      'a,b\n1,"2\n3,"4"\n',
      "line 3, column 4: there is something between a closing quote and the end of the field, " +
        "in the row that begins in line 2",
    ],
  ])("names file, line and column of what is malformed: %j", async (contents, why) => {
    const message = `Cannot read input "input.txt": ${why}`;
    for (const splitBytes of [4, 1000]) {
      const failed = await read(csv(), contents, { splitBytes }).catch((error: Error) => error);
      expect(failed).toHaveProperty("message", message);
    }
  });

  it("names a column that is not there", async () => {
    await expect(read(csv({ column: "c" }), "a,b\n1,2\n")).rejects.toMatchObject({
      // It will not be there the next time either.
      name: "UsageError",
      message: 'Cannot read input "input.txt": line 1, column 1: there is no column "c" ("a", "b")',
    });
    const many = `${"column,".repeat(100_000)}b\n`;
    const failed = await read(csv({ column: "c" }), many).catch((error: Error) => error);
    expect(failed).toHaveProperty("message", expect.stringMatching(/"c" \("column", .{0,600}…/));
    expect(String(failed).length).toBeLessThan(1000);
    await expect(read(csv({ header: false, column: 2 }), "a,b\n1,2\n")).rejects.toThrow(
      mrError("USAGE", "there is no column 2, counted from 0: the row has 2 fields"),
    );
  });

  it("refuses a column that the header names twice, if it is wanted", async () => {
    const why = 'line 1, column 1: columns 1 and 3 have the same name, "a"';
    const readers = [csv(), csv({ entries: true }), csv({ columns: ["b", "a"] })];
    for (const reader of [...readers, csv({ column: "a" })]) {
      await expect(read<unknown>(reader, "a,b,a\n1,2,3\n")).rejects.toThrow(mrError("USAGE", why));
    }
    expect((await read(csv({ column: "b" }), "a,b,a\n1,2,3\n")).records).toEqual(["2"]);
  });

  it.each([
    [{ delimiter: "" }, /^csv: "delimiter" takes one or more characters/],
    [{ delimiter: '"' }, /^csv: "delimiter" takes one or more characters/],
    [{ delimiter: "|", quote: "|" }, /^csv: "delimiter" takes one or more characters/],
    [{ quote: "''" }, /^csv: "quote" takes one ASCII character/],
    [{ quote: "\n" }, /^csv: "quote" takes one ASCII character/],
    [{ quote: "«" }, /^csv: "quote" takes one ASCII character/],
    [{ encoding: "ebcdic" }, /^csv: "encoding" takes a name such as .*, not "ebcdic"$/],
    [{ column: "a", columns: ["a"] }, /^csv: give "column" .* or "columns" .*, not both$/],
    [{ header: false, column: "a" }, /^csv: without a header, "column" is a number .*, not "a"$/],
    [{ entries: true, column: "a" }, /^csv: "entries" gives all columns .* leave "column" out$/],
    [{ entries: true, columns: ["a"] }, /^csv: "entries" gives all .* leave "columns" out$/],
    [{ entries: true, header: false }, /^csv: "entries" takes the names .* which there must be$/],
    [{ column: -1 }, /^csv: "column" is a name, or a whole number from 0 on, not -1$/],
    [{ columns: ["a", "b", "a"] }, /^csv: "columns" has "a" twice$/],
  ])("refuses options that make no sense: %j", (options, why) => {
    expect(() => csv(options as object)).toThrow(TypeError);
    expect(() => csv(options as object)).toThrow(why);
  });

  it.each([
    ["a closed quote out of place", 'a,b\n1,x\n2,"q"z\n3,y\n', ["line 3, column 6"]],
    ["a quote within a field", 'a,b\n1,x\n2,q"z\n3,y\n', ["line 3, column 4"]],
    ["a quote that is not closed", 'a,b\n1,x\n2,"q\n3,y\n', ["line 3, column 3"]],
    ["a quote that another row closes", 'a,b\n1,x\n2,"q\n3,"y"\n', ["line 4, column 4"]],
    [
      "a quote out of place in its second line",
      'a,b\n1,x\n2,"q\n2"z\n3,y\n',
      ["line 4, column 3", "line 4, column 2"],
    ],
  ])("leaves out but the row with %s, when told to", async (_, contents, places) => {
    const { records, reasons, skipped } = await readSkipping(csv(), contents);
    const found = reasons.map((reason) => reason.replace(/:.*/, ""));
    expect(skipped).toBe(found.length);
    expect(records.map((record) => (record as { a: string }).a)).toEqual(["1", "3"]);
    expect(places).toEqual(expect.arrayContaining(found));
  });

  it("goes on behind no malformed header", async () => {
    const reading = read(csv(), 'a,b"x\n1,x\n2,y\n', { skipBadRecords: true });
    await expect(reading).rejects.toThrow(
      mrError(
        "INPUT_MALFORMED",
        "line 1, column 4: there is a quote in a field that does not begin with one",
      ),
    );
  });

  it("leaves rows of another length out and counts them, when told to", async () => {
    const { records, reasons, skipped } = await readSkipping(csv(), "a,b\n1,2\n3\n4,5\n");
    expect(reasons).toEqual(["line 3, column 1: the row has 1 field, the first has 2"]);
    expect(records).toEqual([
      { a: "1", b: "2" },
      { a: "4", b: "5" },
    ]);
    expect(skipped).toBe(1);
  });

  it("reads many rows, compressed or not, and rows longer than a block", async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `${index},"v\n${index}"`);
    const long = "x\n".repeat(1_000_000);
    const contents = `id,v\n${rows.join("\n")}\nlong,"${long}"\nlast,1\n`;
    for (const [name, bytes] of [
      ["m.csv", contents],
      ["m.csv.gz", gzipSync(contents)],
    ] as const) {
      const { records } = await read(csv({ column: "v" }), bytes, { name });
      expect(records).toHaveLength(5002);
      expect(records[4999]).toBe("v\n4999");
      expect(records[5000] === long).toBe(true);
      expect(records[5001]).toBe("1");
    }
  });
});
