// Tests the encodings that the readers of text take.

import { beforeAll, describe, expect, it } from "vitest";
import type { ClassicApp } from "../../../src/mr/app/contract/contract.ts";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { decodeFile, type TextOptions } from "../../../src/mr/data/input/encoding.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import { type RecordSource, recordsFrom } from "../../../src/mr/data/input/records-from.ts";
import { wholeFile } from "../../../src/mr/data/input/whole-file.ts";
import { readText } from "../../../src/mr/engines/sequential/read-text.ts";
import { createKernel } from "../../../src/mr/kernel/create-kernel.ts";
import { statInput } from "../../../src/mr/storage/registry.ts";
import { mrError } from "../../support/mr-error.ts";
import { runOracle } from "../../support/oracle.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { JobHarness } from "../task/job-harness.ts";
import { readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function recordsOf(reader: Reader<unknown>, contents: Uint8Array): Promise<unknown[]> {
  const { records } = await readContents(directory, reader, contents, { splitBytes: 7 });
  return records;
}

const latin1 = (text: string) => Buffer.from(text, "latin1");
/** The text 表示,テスト in Shift JIS, whose first character contains the byte of a backslash. */
const SHIFT_JIS = Buffer.from("955c8ea62c83658358836783", "hex");

describe("csv()", () => {
  it("F18 refuses bytes that are not UTF-8, which would make two fields equal", async () => {
    const contents = latin1('id,name\n1,José\n2,"a\nJosè"\n');
    await expect(recordsOf(csv(), contents)).rejects.toThrow(
      mrError(
        "INPUT_MALFORMED",
        'Cannot read input "input.txt": line 2, column 6: the byte 0xe9 is not UTF-8 ' +
          "(csv({ encoding }) reads other encodings)",
      ),
    );
    const places: string[] = [];
    const { skipped } = await readContents(directory, csv(), contents, {
      skipBadRecords: true,
      onSkipped: (place) => void places.push(place),
    });
    expect(skipped).toBe(2);
    expect(places).toEqual(["line 2, column 6", "line 4, column 4"]);
  });

  it("F18 refuses surrogates that form a pair, whose character has other bytes in UTF-8", async () => {
    const contents = Buffer.from("610af0909080 0aeda081edb080 0a".replaceAll(" ", ""), "hex");
    await expect(recordsOf(csv(), contents)).rejects.toThrow(
      mrError("INPUT_MALFORMED", "line 3, column"),
    );
  });

  it("reads the encoding that it is told, unless a byte order mark says another", async () => {
    const names = [{ id: "1", name: "José €" }];
    const reader = csv({ encoding: "latin1" });
    const rows = "id,name\n1,José €\n";
    const inLatin1 = latin1(rows.replace("€", "\x80"));
    expect(await recordsOf(reader, inLatin1)).toEqual(names);
    expect(await recordsOf(reader, Buffer.from(`\ufeff${rows}`))).toEqual(names);
    expect(await recordsOf(reader, Buffer.from(`\ufeff${rows}`, "utf16le"))).toEqual(names);
    expect(await recordsOf(csv({ encoding: "utf-16le" }), Buffer.from(rows, "utf16le"))).toEqual(
      names,
    );
  });

  it("refuses bytes that are no text in that encoding", async () => {
    const reader = csv({ encoding: "shift_jis", header: false });
    const whole = SHIFT_JIS.subarray(0, -1);
    expect(await recordsOf(reader, whole)).toEqual([["表示", "テスト"]]);
    await expect(recordsOf(reader, SHIFT_JIS)).rejects.toThrow(
      mrError("INPUT_MALFORMED", 'Cannot read input "input.txt": it is not SHIFT_JIS between'),
    );
  });
});

/** Text with lines longer and shorter than a block of the tests, which has 64 bytes. */
const LINES = ["ready", "", `é ${"漢".repeat(50)}`, "disk full €", "𐐨".repeat(20), "end"];

describe.each(["utf-16le", "utf-16be"])("text in %s with a byte order mark", (encoding) => {
  function encode(text: string): Buffer {
    const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
    return encoding === "utf-16be" ? bytes.swap16() : bytes;
  }

  it("F18 is read to its end where it is longer than a block of a real kernel", async () => {
    const line = `${"a line of text ".repeat(20)}\n`;
    const bytes = encode(line.repeat(4000));
    const readers: readonly Reader<unknown>[] = [lines(), csv({ header: false })];
    for (const reader of readers) {
      const scanner = createKernel();
      const options = { scanner, words: new WordScan(scanner) };
      const { records } = await readContents(directory, reader, bytes, options);
      expect(records).toHaveLength(4000);
      expect(String(records.at(-1))).toBe(line.slice(0, -1));
    }
  });

  it("F18 is read by every reader of text, however it is split", async () => {
    const text = LINES.join("\r\n");
    expect(await recordsOf(lines(), encode(text))).toEqual(LINES);
    expect((await recordsOf(blocks(), encode(text))).join("")).toBe(text);
    const json = LINES.map((line) => JSON.stringify(line)).join("\n");
    expect(await recordsOf(jsonLines(), encode(json))).toEqual(LINES);
    expect(await recordsOf(wholeFile({ encoding: "utf-8" }), encode(text))).toEqual([text]);
    const chunks = recordsFrom("chunks", textOfChunks, { encoding: "utf-8" });
    expect(await recordsOf(chunks, encode(text))).toEqual([text]);
  });

  it("F18 is refused where it is cut within a character", async () => {
    for (const reader of [lines(), csv({ header: false })]) {
      await expect(recordsOf(reader, encode("a\nb").subarray(0, -1))).rejects.toThrow(
        mrError(
          "INPUT_MALFORMED",
          `Cannot read input "input.txt": it is not ${encoding.toUpperCase()}`,
        ),
      );
    }
  });

  it("F18 reaches the map of a classic app, in a parallel and in a sequential run", async () => {
    const app: ClassicApp = {
      map: (_file, contents) => [{ key: contents, value: "1" }],
      reduce: (_key, values) => String(values.length),
    };
    const job = new JobHarness();
    job.write("a.txt", encode("é€"));
    const outputs = await job.run(app, ["a.txt"], {});
    expect(outputs.map(String).join("")).toBe("é€ 1\n");
    expect(String(await runOracle(app, ["a.txt"], job.directory))).toBe("é€ 1\n");
  });
});

async function* textOfChunks({ chunks }: RecordSource): AsyncGenerator<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  yield Buffer.concat(all).toString();
}

describe.each([
  ["lines()", (options: TextOptions) => lines(options), ["表示,テスト"]],
  ["blocks()", (options: TextOptions) => blocks(options), ["表示,テスト"]],
  ["wholeFile()", (options: TextOptions) => wholeFile(options), ["表示,テスト"]],
  [
    "recordsFrom()",
    (options: TextOptions) => recordsFrom("all", textOfChunks, options),
    ["表示,テスト"],
  ],
] as const)("%s", (_, make, records) => {
  it("reads the encoding that it is told, and refuses bytes that are no text in it", async () => {
    const reader: Reader<unknown> = make({ encoding: "shift_jis" });
    expect(await recordsOf(reader, SHIFT_JIS.subarray(0, -1))).toEqual(records);
    await expect(recordsOf(reader, SHIFT_JIS)).rejects.toThrow(mrError("INPUT_MALFORMED"));
    expect(() => make({ encoding: "ebcdic" })).toThrow(TypeError);
  });

  it("takes a byte order mark over the encoding that it is told", async () => {
    const reader: Reader<unknown> = make({ encoding: "shift_jis" });
    const records = await recordsOf(reader, Buffer.from("\ufeffé"));
    expect(records.map((record) => String(record).replace("\ufeff", ""))).toEqual(["é"]);
  });
});

describe("UTF-32", () => {
  const text = "id,name\n1,José\n";
  const units = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
  const bigEndian = Buffer.from(Uint32Array.of(0xfeff, ...units).buffer).swap32();

  it.each([
    ["little-endian", Buffer.from(bigEndian).swap32()],
    ["big-endian", bigEndian],
  ])("F18 is refused by its byte order mark in every reader of text: %s", async (_, contents) => {
    const error = mrError("INPUT_UNSUPPORTED", "input.txt", "it is UTF-32");
    const readers = [lines(), blocks(), csv(), jsonLines(), wholeFile({ encoding: "latin1" })];
    for (const reader of readers as Reader<unknown>[]) {
      await expect(recordsOf(reader, contents), reader.name).rejects.toThrow(error);
    }
    const input = await statInput("input.txt", directory);
    await expect(readText(input, directory)).rejects.toThrow(error);
    expect(() => decodeFile("input.txt", contents)).toThrow(error);
  });
});
