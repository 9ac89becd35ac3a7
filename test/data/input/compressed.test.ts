// Tests how compressed inputs are recognised and read: compression.ts, decompress.ts, zstd-frames.ts.

import * as zlib from "node:zlib";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import { openInput } from "../../../src/mr/data/input/open-input.ts";
import { wholeFile } from "../../../src/mr/data/input/whole-file.ts";
import { ZstdFrames } from "../../../src/mr/data/input/zstd-frames.ts";
import { readText } from "../../../src/mr/engines/sequential/read-text.ts";
import { statInput, storageFor } from "../../../src/mr/storage/registry.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readContents } from "./reading.ts";

// Node 22.15 brought zstd; the types of Node 20 don't know it.
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function linesOf(contents: Uint8Array, name: string): Promise<unknown[]> {
  const reading = await readContents(directory, lines(), contents, { name, splitBytes: 1000 });
  return reading.records;
}

/** Expects that the readers and the sequential run of a classic app refuse a file. */
async function expectRefused(contents: Uint8Array, name: string, error: unknown): Promise<void> {
  for (const reader of [lines(), blocks(), wholeFile()] as Reader<unknown>[]) {
    const reading = readContents(directory, reader, contents, { name });
    await expect(reading, reader.name).rejects.toThrow(error as Error);
  }
  const input = await statInput(name, directory);
  await expect(readText(input, directory)).rejects.toThrow(error as Error);
}

/** Expects that lines and the sequential run of a classic app read this text from a file. */
async function expectText(contents: Uint8Array, name: string, text: string): Promise<void> {
  expect(await linesOf(contents, name)).toEqual(text.split("\n").slice(0, -1));
  const input = await statInput(name, directory);
  expect((await readText(input, directory)).text).toBe(text);
}

describe("compressed inputs", () => {
  it.each(["A.LOG.GZ", "a.log", "a.txt.zst", "a.gz"])(
    "F46 are recognised by their contents: gzip named %s",
    async (name) => {
      const text = "alpha one\nbeta two\n".repeat(300);
      await expectText(gzipSync(text), name, text);
      // Larger than a split, which must not be cut.
      const noise = Array.from({ length: 3000 }, (_, i) => `${Math.sin(i)}\n`).join("");
      await expectText(gzipSync(noise), name, noise);
    },
  );

  it.each([
    ["bzip2", "425a68393141592653590000"],
    ["bzip2", "425a683917724538509000000000"],
    ["xz", "fd377a585a000004e6d6b446"],
    ["lz4", "04224d186440a7"],
    ["zip", "504b030414000000"],
    ["7z", "377abcaf271c0004"],
    ["compress", "1f9d90"],
    ["lzma", "5d00008000ffffffffffffffff0034194ab3"],
    ["lzma", "5d00001000060000000000000000341949ee"],
    ["tar", `${"61".repeat(257)}7573746172003030`],
    ["tar", `${"61".repeat(257)}7573746172202000`],
  ])("F46 are refused by the name of their format: %s %s", async (format, bytes) => {
    const error = mrError("INPUT_UNSUPPORTED", '"input.txt"', ` ${format},`, "gzip or zstd");
    await expectRefused(Buffer.from(bytes, "hex"), "input.txt", error);
  });

  it.each(["a.br", "a.lzma"])("F46 are refused by a name without a signature: %s", async (name) => {
    await expectRefused(Buffer.from("ab\n"), name, mrError("INPUT_UNSUPPORTED", name));
  });

  it.each([
    ["gzip", gzipSync("alpha\n")],
    ["tar", Buffer.from(`${"61".repeat(257)}7573746172003030${"00".repeat(300)}`, "hex")],
  ])("F46 are refused when they contain another format: %s", async (format, contents) => {
    const error = mrError("INPUT_UNSUPPORTED", "format", format);
    await expectRefused(gzipSync(contents), "a.gz", error);
  });

  it.each(["b.gz", "B.GZ", "b.zst", "b.bz2", "b.xz", "b.lz4", "b.zip"])(
    "F46 are refused when they are not what their name says, or empty: %s",
    async (name) => {
      const error = mrError("INPUT_MALFORMED", `"${name}"`, "incorrect header");
      await expectRefused(Buffer.from("not compressed"), name, error);
      const cut = mrError("INPUT_MALFORMED", `"${name}"`, "unexpected end of file");
      await expectRefused(new Uint8Array(), name, cut);
    },
  );

  it.each([1, 5, 6, 9])("F46 are refused as zlib streams, level %d", async (level) => {
    const noise = Array.from({ length: 3000 }, (_, i) => `${Math.sin(i)}\n`).join("");
    const refused = mrError("INPUT_UNSUPPORTED", /its format, zlib, is not supported/);
    for (const text of ["", "alpha one\n", noise]) {
      for (const windowBits of [9, 15]) {
        const contents = zlib.deflateSync(text, { level, windowBits });
        await expectRefused(contents, "neutral", refused);
        const inside = mrError("INPUT_UNSUPPORTED", /decompressed contents are in the format zlib/);
        await expectRefused(gzipSync(contents), "neutral.gz", inside);
      }
    }
  });

  it.each([
    "x^2 + 1\n",
    "x^",
    "x\u0001\n",
    "X\tY\n",
    "hC\n",
    "x\u06aa\n",
    `x^${"2 + y^3\n".repeat(200)}`,
  ])("are text where it has the header of a zlib stream: %j", async (text) => {
    const contents = Buffer.from(text.endsWith("\n") ? text : `${text}\n`);
    await expectText(contents, "neutral", contents.toString());
  });

  it("F46 are refused where other bytes precede a gzip member", async () => {
    const refused = mrError("INPUT_UNSUPPORTED", /its format, gzip after other bytes, is not/);
    for (const before of [Buffer.alloc(1), Buffer.alloc(200), Buffer.from("\ufeff")]) {
      const contents = Buffer.concat([before, gzipSync("alpha one\n")]);
      await expectRefused(contents, "neutral", refused);
    }
  });

  it("are text where it only looks as if it were compressed", async () => {
    for (const text of [
      "BZh9 is a signature\n",
      "PK\n",
      "7z\n",
      "\u001f\n",
      "]\0\0\0\0 1234567 ]\n",
    ]) {
      await expectText(Buffer.from(text), "input.txt", text);
    }
  });
});

describe("gzip", () => {
  const member = (text: string) => gzipSync(text);
  const zeros = (count: number) => Buffer.alloc(count);

  it.each([1, 511, 262_144, 600_000])(
    "F46 has %i zeros between members and after the last",
    async (count) => {
      const parts = [member("one\n"), zeros(count), member("two\n"), member(""), zeros(count)];
      const contents = Buffer.concat([...parts, member("three\n"), zeros(count)]);
      await expectText(contents, "a.gz", "one\ntwo\nthree\n");
    },
  );

  it("F46 has members and zeros on any border of a chunk that is read", async () => {
    const stored = (length: number) => zlib.gzipSync(`${"x".repeat(length - 1)}\n`, { level: 0 });
    const rest = Buffer.concat([zeros(3), member("end\n")]);
    const overhead = stored(262_000).length - 262_000;
    for (const off of [-4, -3, -2, -1, 0, 1]) {
      const first = stored(262_144 - overhead + off);
      const text = `${"x".repeat(262_144 - overhead + off - 1)}\nend\n`;
      await expectText(Buffer.concat([first, rest]), "a.gz", text);
      await expectText(Buffer.concat([first, member("end\n")]), "a.gz", text);
    }
  });

  it("F46 is refused when it ends early, wherever that is", async () => {
    const first = member("one\n".repeat(20));
    const second = member("two\n".repeat(20));
    for (let length = 1; length < second.length; length++) {
      for (const before of [[], [first], [first, zeros(9)]]) {
        const contents = Buffer.concat([...before, second.subarray(0, length)]);
        const isShort = before.length === 0 && length < 2;
        const why = isShort ? "incorrect header" : "unexpected end of file";
        const error = mrError("INPUT_MALFORMED", '"a.gz"', why);
        await expect(linesOf(contents, "a.gz"), `${before.length} ${length}`).rejects.toThrow(
          error as Error,
        );
        const input = await statInput("a.gz", directory);
        await expect(readText(input, directory)).rejects.toThrow(error as Error);
      }
    }
  });

  it.each(["garbage", "\0\0garbage", "\u001f\0", "\0x"])(
    "F46 is refused when %j follows its last member",
    async (rest) => {
      const contents = Buffer.concat([member("one\n"), Buffer.from(rest)]);
      await expectRefused(contents, "a.gz", mrError("INPUT_MALFORMED", '"a.gz"'));
    },
  );
});

/** A frame of raw blocks, as RFC 8878 describes it. */
function frameOf(
  blockLengths: readonly number[],
  {
    hasChecksum,
    isSingle,
    dictionary,
  }: Record<"hasChecksum" | "isSingle", boolean> & {
    readonly dictionary: number;
  },
): Buffer {
  const sizeBytes = isSingle ? 1 : 0;
  const descriptor = (hasChecksum ? 4 : 0) + (isSingle ? 0x20 : 0) + dictionary;
  const header = Buffer.alloc(5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][dictionary] ?? 0) + sizeBytes);
  header.writeUInt32LE(0xfd2fb528);
  header.writeUInt8(descriptor, 4);
  const blocksOf = blockLengths.map((length, index) => {
    const isLast = index === blockLengths.length - 1;
    // A block of one repeated byte where the length is odd.
    const isRun = length % 2 === 1;
    const block = Buffer.alloc(3 + (isRun ? 1 : length), 7);
    block.writeUIntLE(length * 8 + (isRun ? 2 : 0) + (isLast ? 1 : 0), 0, 3);
    return block;
  });
  return Buffer.concat([header, ...blocksOf, Buffer.alloc(hasChecksum ? 4 : 0, 9)]);
}

function skippableFrame(length: number): Buffer {
  const frame = Buffer.alloc(8 + length, 5);
  frame.writeUInt32LE(0x184d2a5c);
  frame.writeUInt32LE(length, 4);
  return frame;
}

const frame = fc.oneof(
  fc.nat(20).map(skippableFrame),
  fc
    .tuple(
      fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
      fc.record({
        hasChecksum: fc.boolean(),
        isSingle: fc.boolean(),
        dictionary: fc.nat(3),
      }),
    )
    .map(([blockLengths, options]) => frameOf(blockLengths, options)),
);

describe("zstd", () => {
  it("F46 is complete at the ends of its frames only, however it is read", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 4 }),
        fc.integer({ min: 1, max: 30 }),
        (all, step) => {
          const contents = Buffer.concat(all);
          const ends = new Set([0]);
          let end = 0;
          for (const { length } of all) {
            end += length;
            ends.add(end);
          }
          const frames = new ZstdFrames();
          for (let at = 0; at < contents.length; at += step) {
            frames.push(contents.subarray(at, at + step));
            const pushed = Math.min(at + step, contents.length);
            expect(frames.isComplete).toBe(ends.has(pushed));
          }
        },
      ),
    );
  });

  it("F46 has nothing but frames", () => {
    const frames = new ZstdFrames();
    frames.push(skippableFrame(3));
    expect(() => frames.push(Buffer.from("garbage"))).toThrow(mrError("INPUT_MALFORMED") as Error);
  });

  it.runIf(zstdCompressSync)(
    "F46 is refused when it ends early, wherever that is (needs Node 22.15)",
    async () => {
      const first = zstdCompressSync?.("one\n".repeat(20)) ?? Buffer.alloc(0);
      const second = zstdCompressSync?.("two\nthree\n") ?? Buffer.alloc(0);
      for (let length = 1; length < second.length; length++) {
        for (const before of [[], [first], [first, skippableFrame(9)]]) {
          const contents = Buffer.concat([...before, second.subarray(0, length)]);
          const isShort = before.length === 0 && length < 4;
          const why = isShort ? "incorrect header" : "unexpected end of file";
          const error = mrError("INPUT_MALFORMED", '"a.zst"', why);
          await expectRefused(contents, "a.zst", error);
        }
      }
    },
  );

  it.runIf(zstdCompressSync)(
    "F46 may have several frames, and none that is something else (needs Node 22.15)",
    async () => {
      const one = zstdCompressSync?.("one\n") ?? Buffer.alloc(0);
      const text = Array.from({ length: 90_000 }, (_, i) => `${Math.sin(i)}\n`).join("");
      const two = zstdCompressSync?.(text) ?? Buffer.alloc(0);
      const contents = [skippableFrame(8), one, two, one, skippableFrame(300_000), two];
      const all = `one\n${text}one\n${text}`;
      await expectText(Buffer.concat(contents), "a.zst", all);
      await expectText(Buffer.concat(contents), "a.log", all);
      for (const rest of ["garbage", "\0\0\0\0"]) {
        const error = mrError("INPUT_MALFORMED", '"a.zst"', "no zstd frame");
        await expectRefused(Buffer.concat([one, Buffer.from(rest)]), "a.zst", error);
      }
    },
  );

  it.skipIf(zstdCompressSync)(
    "is refused by a Node that has none, which says which one has (needs a Node before 22.15)",
    async () => {
      const contents = frameOf([4], { hasChecksum: false, isSingle: true, dictionary: 0 });
      const error = mrError("INPUT_UNSUPPORTED", '"a.log"', "22.15");
      await expectRefused(contents, "a.log", error);
    },
  );
});

it("compressed inputs can be closed before they are read to their end", async () => {
  const text = "x".repeat(1_000_000);
  await readContents(directory, blocks(), gzipSync(text), { name: "a.gz" });
  const input = await openInput(storageFor, directory, { file: "a.gz", start: 0, end: 1 });
  expect(await input.read(new Uint8Array(10), 0, 0)).toBe(10);
  input.close();
});
