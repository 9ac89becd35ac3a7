import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSlice, type Text } from "../../../src/mr/app/contract/byte-slice.ts";
import { union } from "../../../src/mr/app/contract/combiners.ts";
import { defineApp } from "../../../src/mr/app/contract/define-app.ts";
import {
  bytePartitioner,
  hashPartition,
  type Partitioner,
  rangePartition,
} from "../../../src/mr/app/contract/partitioners.ts";
import { words } from "../../../src/mr/app/text/words.ts";
import { encodeUtf8 } from "../../../src/mr/base/utf8.ts";
import { lines } from "../../../src/mr/data/input/lines.ts";
import { mergeRuns } from "../../../src/mr/data/shuffle/group-source.ts";
import { MapOutput } from "../../../src/mr/data/shuffle/map-output.ts";
import type { OutputFile } from "../../../src/mr/job/task.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const watchLoss = () => ({ end: () => undefined });

/** How a key or a value is emitted: as a string, as a slice of the reader's block, or of other memory. */
type Form = "string" | "block" | "elsewhere";

interface Pair {
  readonly key: Uint8Array;
  readonly form: Form;
  readonly value: unknown;
}

const anyText = fc.oneof(
  fc.stringMatching(/^[a-c"\\]{0,3}$/),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "\ud800",
    "x\udc00y",
    "\0",
    "key",
    "longer than a prefix",
    "longer than a prefiy",
  ),
);
const pairs = fc.array(
  fc.oneof(
    fc.record({
      key: anyText.map((text) => encodeUtf8(text)),
      form: fc.constantFrom<Form>("string", "block", "elsewhere"),
      value: fc.oneof(anyText, fc.jsonValue(), fc.uint8Array({ maxLength: 9 })),
    }),
    fc.record({
      key: fc.uint8Array({ maxLength: 12 }),
      form: fc.constantFrom<Form>("block", "elsewhere"),
      value: fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.constant("again")),
    }),
  ),
  { maxLength: 100 },
);
const settings = fc.record({
  reduces: fc.integer({ min: 3, max: 4 }),
  partition: fc.constantFrom<Partitioner>(
    hashPartition,
    rangePartition(["a", "key"]),
    (key, reduces) => key.length % reduces,
  ),
  memoryBytes: fc.constantFrom(3000, 8000, 30_000, 2 ** 29),
  fanIn: fc.integer({ min: 2, max: 5 }),
});

/** Puts bytes into the block behind what is there, as a reader would. */
function sliceOf(output: MapOutput, bytes: Uint8Array, form: Form, at: number): ByteSlice {
  if (form === "elsewhere") return new ByteSlice(bytes);
  output.kernel.block.set(bytes, at);
  return new ByteSlice(output.kernel.block, at, at + bytes.length);
}

function emitAll(output: MapOutput, all: readonly Pair[]): void {
  for (const { key, form, value } of all) {
    const emitted: Text =
      form === "string" ? new ByteSlice(key).toString() : sliceOf(output, key, form, 3);
    const isBytes = value instanceof Uint8Array;
    output.emit(emitted, isBytes ? sliceOf(output, value, form, 3 + key.length) : value);
  }
}

/** What a value is when it comes out again. */
function shown(value: unknown): unknown {
  if (value instanceof ByteSlice) return `bytes ${Buffer.from(value.view()).toString("hex")}`;
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString("hex")}` : value;
}

function partitionOf(partition: Partitioner, key: Uint8Array, reduces: number): number {
  const ofBytes = bytePartitioner(partition);
  return ofBytes?.(key, key.length, reduces) ?? partition(new ByteSlice(key).toString(), reduces);
}

/** All pairs of a file, in its order. */
function pairsOf({ name, bytes, crc32 }: OutputFile): [string, unknown][] {
  const path = join(directory, name);
  const files = fileStorage.scratch(directory, "t");
  const run = { files, path, start: 0, end: bytes, crc32, isWholeFile: true };
  const merger = mergeRuns(bytes === 0 ? [] : [run], 64, undefined);
  const found: [string, unknown][] = [];
  while (merger.nextGroup()) {
    const key = Buffer.from(merger.key.view()).toString("hex");
    while (merger.nextValue()) {
      const value = JSON.parse(JSON.stringify(shown(merger.decode()))) as unknown;
      for (let left = merger.count; left > 0; left--) found.push([key, value]);
    }
  }
  return found;
}

describe("what a map task writes without a combiner", () => {
  it("is what was emitted, sorted by key, at any memory, few keys coming again or many", async () => {
    await fc.assert(
      fc.asyncProperty(pairs, settings, async (all, { partition, ...options }) => {
        const app = defineApp({ input: lines(), map: () => undefined, partition, reduce: () => 1 });
        const tag = "0123abcd-0-1";
        const pending = fileStorage.createOutput(directory, tag, { durable: false });
        const scratch = fileStorage.scratch(directory, tag);
        const output = new MapOutput(app, {
          output: pending,
          scratch,
          map: 0,
          watchLoss,
          ...options,
        });
        emitAll(output, all);
        output.write();
        scratch.discard();
        const files = await pending.commit();
        const found = files.map(pairsOf);
        const dumb: [string, unknown][][] = files.map(() => []);
        for (const { key, value } of all.toSorted((a, b) => Buffer.compare(a.key, b.key))) {
          const reduce = partitionOf(partition, key, files.length);
          const json = JSON.parse(JSON.stringify(shown(value))) as unknown;
          const pair: [string, unknown] = [Buffer.from(key).toString("hex"), json];
          dumb[reduce]?.push(pair);
        }
        expect(found).toEqual(dumb);
        for (const { name } of files) rmSync(join(directory, name));
        expect(readdirSync(directory)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("words of long strings in a map task", () => {
  const app = defineApp({ input: lines(), map: () => undefined, reduce: () => 1 });
  const text = Array.from({ length: 100_000 }, (_, n) =>
    Array.from(n.toString(10), (digit) => "abcdefghij"[Number(digit)]).join(""),
  ).join(" ");

  function newOutput(): MapOutput {
    const tag = "0123abcd-0-1";
    const output = fileStorage.createOutput(directory, tag, { durable: false });
    const scratch = fileStorage.scratch(directory, tag);
    const options = { output, scratch, map: 0, watchLoss, reduces: 1, fanIn: 2 };
    return new MapOutput(app, { ...options, memoryBytes: 300_000 });
  }

  it("F26 take no more keys than the memory has room for, although none is emitted", () => {
    const output = newOutput();
    output.scanStrings();
    expect([...words(text)].join(" ")).toBe(text);
    expect(output.kernel.size).toBeGreaterThan(0);
    expect(output.kernel.size).toBeLessThan(50_000);
    output.close();
  });

  it("leave the block alone when the task has ended, because another one reads into it", () => {
    const output = newOutput();
    const { kernel } = output;
    output.scanStrings();
    output.close();
    kernel.block.fill(0x2e);
    const { size } = kernel;
    expect([...words(text)].join(" ")).toBe(text);
    expect(kernel.size).toBe(size);
    expect(kernel.block.every((byte) => byte === 0x2e)).toBe(true);
  });
});

describe("what a map task writes with a union", () => {
  it("has a text, and a byte slice of the same bytes, as two values, and each of them once", async () => {
    const app = defineApp({
      input: lines(),
      map: () => undefined,
      combine: union,
      reduce: () => 1,
    });
    const tag = "0123abcd-0-1";
    const pending = fileStorage.createOutput(directory, tag, { durable: false });
    const scratch = fileStorage.scratch(directory, tag);
    const options = { output: pending, scratch, map: 0, watchLoss, reduces: 1, fanIn: 2 };
    const output = new MapOutput(app, { ...options, memoryBytes: 300_000 });
    const slice = new ByteSlice(Buffer.from("x"));
    for (const value of ["x", slice, "x", slice, 1, "1", 1]) output.emit("key", value);
    output.write();
    scratch.discard();
    const key = Buffer.from("key").toString("hex");
    const [file] = await pending.commit();
    const values = file === undefined ? [] : pairsOf(file);
    expect(values).toEqual(["x", "bytes 78", 1, "1"].map((value) => [key, value]));
    rmSync(join(directory, "mr-0-0"));
  });
});
