import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import type { InputSource, Reader } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import { PlainKernel } from "../../kernel/plain-kernel.ts";

/** A file in memory, of which reads give a few bytes at a time, some of them later. */
function memorySource(
  contents: Uint8Array,
  start: number,
  end: number,
  readBytes: number,
  isSlow = false,
): InputSource {
  return {
    file: "memory",
    start,
    end,
    read(target, from, position) {
      const count = Math.min(readBytes, target.length - from, contents.length - position);
      const part = contents.subarray(position, position + Math.max(0, count));
      target.set(part, from);
      return isSlow && position % 2 === 0 ? Promise.resolve(part.length) : part.length;
    },
  };
}

async function readAll(
  reader: Reader<ByteSlice>,
  source: InputSource,
  blockBytes: number,
): Promise<{ text: string; offset: number }[]> {
  const scanner = new PlainKernel(blockBytes, 1);
  const options = {
    skipBadRecords: false,
    progress: () => undefined,
    scanner,
    words: new WordScan(scanner),
  };
  const cursor = reader.open(source, options);
  const records: { text: string; offset: number }[] = [];
  while (await cursor.load()) {
    for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
      records.push({ text: record.view().toString("latin1"), offset: cursor.offset });
    }
  }
  return records;
}

/** The deliberately dumb version. */
function splitLines(contents: Uint8Array): { text: string; offset: number }[] {
  const marked = Buffer.from(contents).toString("latin1");
  const markLength = marked.startsWith("\xef\xbb\xbf") ? 3 : 0;
  const records: { text: string; offset: number }[] = [];
  for (const match of marked.slice(markLength).matchAll(/([^\n]*)(\n|$)/g)) {
    if (match[0] === "") continue;
    const line = match[2] === "\n" ? (match[1] ?? "").replace(/\r$/, "") : (match[1] ?? "");
    records.push({ text: line, offset: match.index + markLength });
  }
  return records;
}

const fileBytes = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("a", "bc", "é", "語", "\0", " ", "\xff") },
      { weight: 2, arbitrary: fc.constantFrom("\n", "\r\n", "\r") },
      { weight: 1, arbitrary: fc.constantFrom("x".repeat(40), "\ufeff") },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join("")));

describe("lines()", () => {
  it("read in any parts equal the lines of the whole, each read once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fileBytes,
        fc.array(fc.nat(200), { maxLength: 5 }),
        fc.integer({ min: 4, max: 64 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        async (contents, cuts, blockBytes, readBytes, isSlow) => {
          const inside = cuts.map((cut) => Math.min(cut, contents.length));
          const bounds = [0, ...inside.sort((a, b) => a - b), contents.length];
          const records: { text: string; offset: number }[] = [];
          for (let index = 0; index + 1 < bounds.length; index++) {
            const source = memorySource(
              contents,
              bounds[index] ?? 0,
              bounds[index + 1] ?? 0,
              readBytes,
              isSlow,
            );
            records.push(...(await readAll(lines(), source, blockBytes)));
          }
          expect(records).toEqual(splitLines(contents));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("F19 keep NUL bytes, and leave out line ends of either kind and a byte order mark", async () => {
    const contents = Buffer.from("\ufeffa\0b\r\nc\rd\n\ne");
    const records = await readAll(lines(), memorySource(contents, 0, contents.length, 99), 64);
    expect(records.map(({ text }) => text)).toEqual(["a\0b", "c\rd", "", "e"]);
  });
});

describe("blocks()", () => {
  it("together are all bytes of the file, cut at line ends only", async () => {
    await fc.assert(
      fc.asyncProperty(
        fileBytes,
        fc.nat(200),
        fc.integer({ min: 4, max: 64 }),
        async (contents, cutAt, blockBytes) => {
          const cut = Math.min(cutAt, contents.length);
          const first = memorySource(contents, 0, cut, 7);
          const second = memorySource(contents, cut, contents.length, 7);
          const records = [
            ...(await readAll(blocks(), first, blockBytes)),
            ...(await readAll(blocks(), second, blockBytes)),
          ];
          expect(records.map(({ text }) => text).join("")).toBe(contents.toString("latin1"));
          for (const { text } of records.slice(0, -1)) expect(text.endsWith("\n")).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("small parts", () => {
  it("are read once, except for little more than the line at their end", async () => {
    const contents = Buffer.from("a line of 32 bytes, all the same\n".repeat(20_000));
    for (const reader of [lines(), blocks()]) {
      let bytes = 0;
      let text = "";
      for (let start = 0; start < contents.length; start += 2000) {
        const end = Math.min(start + 2000, contents.length);
        const source = memorySource(contents, start, end, 1e6);
        const counting: InputSource = {
          ...source,
          read(target, from, position) {
            const count = source.read(target, from, position);
            bytes += Number(count);
            return count;
          },
        };
        const records = await readAll(reader, counting, 1 << 16);
        text += records.map((record) => record.text).join(reader.name === "lines()" ? "\n" : "");
        if (reader.name === "lines()" && records.length > 0) text += "\n";
      }
      expect(text).toBe(contents.toString("latin1"));
      expect(bytes / contents.length).toBeLessThan(1.3);
    }
  });

  it("have the same lines, however long these are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(5000), fc.nat(600)), { maxLength: 12 }),
        fc.integer({ min: 300, max: 4000 }),
        fc.constantFrom(600, 2048, 1 << 14),
        async (lengths, splitBytes, blockBytes) => {
          const text = lengths.map((length, at) => String.fromCharCode(97 + at).repeat(length));
          const contents = Buffer.from(text.join("\n"));
          const records: { text: string; offset: number }[] = [];
          for (let start = 0; start < contents.length; start += splitBytes) {
            const end = Math.min(start + splitBytes, contents.length);
            const source = memorySource(contents, start, end, 1e6);
            records.push(...(await readAll(lines(), source, blockBytes)));
          }
          expect(records).toEqual(splitLines(contents));
        },
      ),
    );
  });
});
