import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { LineFile } from "../../../src/mr/data/output/line-reader.ts";
import { mergeOutputs } from "../../../src/mr/data/output/merge-outputs.ts";
import { topLines } from "../../../src/mr/data/output/top-lines.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import type { Storage } from "../../../src/mr/storage/storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

function write(parts: readonly string[]): LineFile[] {
  return parts.map((text, part) => {
    const path = join(directory, `mr-out-${part}`);
    writeFileSync(path, text);
    const bytes = Buffer.from(text);
    return { path, written: { bytes: bytes.length, crc32: crc32(bytes) } };
  });
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe("merging outputs", () => {
  it("gives what sorting all lines together gives, with any number of files and lines of any length", async () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 6 }).map((text) => text.replaceAll("\n", "")),
      fc.integer({ min: 1, max: 5 }).map((length) => "é".repeat(length * 20_000)),
    );
    const files = fc.array(fc.array(line, { maxLength: 8 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 2, max: 12 }), async (lines, fanIn) => {
        const paths = write(
          lines.map((some) => [...some].sort(byBytes).map((text) => `${text}\n`)).map(join0),
        );
        const { path, written } = await mergeOutputs(fileStorage, directory, paths, { fanIn });
        const expected = [...lines.flat()].sort(byBytes).map((text) => `${text}\n`);
        const found = readFileSync(path);
        expect(found.equals(Buffer.from(join0(expected)))).toBe(true);
        expect(written).toMatchObject({ bytes: found.length, crc32: crc32(found) });
        expect(readdirSync(directory)).toEqual(["mr-out"]);
        rmSync(path);
      }),
      { numRuns: 20 },
    );
  });

  it("keeps all lines of outputs that are in another order, and ends a last line without an end", async () => {
    const merged = await mergeOutputs(fileStorage, directory, write(["b\na", "c\n", ""]));
    expect(readFileSync(merged.path, "utf8")).toBe("b\na\nc\n");
  });

  it("leaves the outputs as they are when it is ended early, and nothing else", async () => {
    const paths = write(["a\n".repeat(200_000), "b\n"]);
    await expect(
      mergeOutputs(fileStorage, directory, paths, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(directory).sort()).toEqual(["mr-out-0", "mr-out-1"]);
  });

  it.each([
    ["is cut", (path: string) => truncateSync(path, 1)],
    ["has grown", (path: string) => appendFileSync(path, "x")],
    ["is changed", (path: string) => writeFileSync(path, "e\n")],
  ])("F50 refuses an output that %s, and leaves all as they are", async (_, spoil) => {
    const outputs = write(["a\n", "c\n", "b\n"]);
    spoil(join(directory, "mr-out-1"));
    const lost = { code: "OUTPUT_UNREADABLE", message: expect.stringContaining("mr-out-1") };
    for (const fanIn of [2, 9]) {
      const merging = mergeOutputs(fileStorage, directory, outputs, { fanIn });
      await expect(merging).rejects.toMatchObject(lost);
    }
    await expect(topLines(fileStorage, outputs, 1)).rejects.toMatchObject(lost);
    expect(readdirSync(directory).sort()).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
  });

  it.each([
    ["vanishes", (path: string) => rmSync(path)],
    ["is cut", (path: string) => truncateSync(path, 1)],
    ["is changed", (path: string) => writeFileSync(path, "x\n".repeat(3))],
    ["did not get its name", (path: string) => renameSync(path, join(directory, ".mr-out.moved"))],
  ])("F50 keeps the outputs when the merged file %s after its rename", async (_, spoil) => {
    const storage: Storage = {
      ...fileStorage,
      createOutput(...args) {
        const output = fileStorage.createOutput(...args);
        return {
          file: (name) => output.file(name),
          discard: () => output.discard(),
          async commit() {
            const files = await output.commit();
            spoil(join(directory, "mr-out"));
            return files;
          },
        };
      },
    };
    const outputs = write(["a\n", "c\n", "b\n"]);
    await expect(mergeOutputs(storage, directory, outputs)).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
      message: expect.stringContaining(`"${join(directory, "mr-out")}"`),
    });
    rmSync(join(directory, ".mr-out.moved"), { force: true });
    expect(readdirSync(directory).sort()).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
    await mergeOutputs(fileStorage, directory, outputs);
    expect(readFileSync(join(directory, "mr-out"), "utf8")).toBe("a\nb\nc\n");
  });

  it("F65 refuses an output with more lines than were written, unless it is the only one", async () => {
    const withLines = (lines: number, part: LineFile): LineFile => {
      const { bytes, crc32: checksum } = part.written ?? { bytes: 0, crc32: 0 };
      return { ...part, written: { bytes, crc32: checksum, lines } };
    };
    const outputs = write(["a\n", "", "c\nb\n"]).map((part, y) => withLines(y === 1 ? 0 : 1, part));
    const torn = { code: "OUTPUT_MULTILINE", message: expect.stringContaining("mr-out-2") };
    for (const fanIn of [2, 9]) {
      const merging = mergeOutputs(fileStorage, directory, outputs, { fanIn });
      await expect(merging).rejects.toMatchObject(torn);
    }
    await expect(topLines(fileStorage, outputs, 1)).rejects.toMatchObject(torn);
    expect(readdirSync(directory).sort()).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
    const merged = await mergeOutputs(fileStorage, directory, outputs.slice(1));
    expect(readFileSync(merged.path, "utf8")).toBe("c\nb\n");
    // They are torn apart in the merged file too.
    await expect(topLines(fileStorage, [merged], 1)).rejects.toMatchObject({
      code: "OUTPUT_MULTILINE",
    });
  });

  it("F50 F58 tells what the merged file is before that gets its name, and syncs both before it removes the outputs", async () => {
    const steps: string[] = [];
    const storage: Storage = {
      ...fileStorage,
      createOutput(where, tag, options) {
        steps.push(`durable: ${options.durable}`);
        const output = fileStorage.createOutput(where, tag, options);
        return {
          file: (name) => output.file(name),
          discard: () => output.discard(),
          commit() {
            steps.push("commit");
            return output.commit();
          },
        };
      },
      remove(path) {
        steps.push(`remove ${basename(path)}`);
        return fileStorage.remove(path);
      },
    };
    await mergeOutputs(storage, directory, write(["a\n", "b\n"]), {
      beforeCommit: (merged) => {
        steps.push(`tell ${merged.name} of ${merged.bytes} bytes`);
        expect(readdirSync(directory)).not.toContain("mr-out");
      },
    });
    expect(steps).toEqual([
      "durable: true",
      "tell mr-out of 4 bytes",
      "commit",
      "remove mr-out-0",
      "remove mr-out-1",
    ]);
  });

  it("names an output that cannot be read", async () => {
    const missing = join(directory, "mr-out-7");
    await expect(mergeOutputs(fileStorage, directory, [{ path: missing }])).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
      message: expect.stringContaining(`"${missing}"`),
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("the top lines", () => {
  it("are those with the first keys of very many with the same value, in whatever order they come", async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `key${10_000 + index}`);
    for (const order of [keys, keys.toReversed()]) {
      const found = await topLines(
        fileStorage,
        write([order.map((key) => `${key} 7\n`).join("")]),
        3,
      );
      expect(found.map(({ key }) => key)).toEqual(keys.slice(0, 3));
    }
  });

  it("are those with the largest values, the largest first, equal ones by their keys", async () => {
    const pair = fc.tuple(
      fc.string({ unit: "grapheme", maxLength: 4 }).filter((key) => !/[\n"\\{]/.test(key)),
      fc.integer({ min: -9, max: 9 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pair), fc.integer({ min: 1, max: 9 }), async (pairs, count) => {
        const [one = "", other = ""] = [0, 1].map((half) => {
          const some = pairs.filter((_, index) => index % 2 === half);
          return join0(some.map(([key, value]) => `${key} ${value}\n`));
        });
        const expected = pairs
          .map(([key, value]) => ({ key, value }))
          .sort((a, b) => b.value - a.value || byBytes(a.key, b.key));
        const found = await topLines(fileStorage, write([one, other]), count);
        expect(found.map(({ key, value }) => [key, value + 0])).toEqual(
          expected.slice(0, count).map(({ key, value }) => [key, value + 0]),
        );
      }),
    );
  });

  it("are right among more lines than are kept at once", async () => {
    const lines = Array.from(
      { length: 70_000 },
      (_, index) => `k${index} ${(index * 7919) % 70_000}\n`,
    );
    const top = await topLines(fileStorage, write([join0(lines)]), 3);
    expect(top.map(({ value }) => value)).toEqual([69_999, 69_998, 69_997]);
  });

  it("are found in any output format, past lines without a number", async () => {
    const text =
      'a b 2\nc\t3.5\n{"key":"d e","value":1e3}\nf 1 x.txt\ng 0x10\n{"broken 9\nh Infinity\n\n';
    expect(await topLines(fileStorage, write([text]), 9)).toEqual([
      { key: "d e", value: 1000, text: "1000" },
      { key: '{"broken', value: 9, text: "9" },
      { key: "c", value: 3.5, text: "3.5" },
      { key: "a b", value: 2, text: "2" },
    ]);
  });

  it("are found although their keys look like JSON", async () => {
    const keys = ['{"level":', '{"key":"fake","value":99}', '{"key":1,"value":2}', '{"a":1}', "{"];
    const text = keys.map((key, index) => `${key} ${index}\n`).join("");
    expect((await topLines(fileStorage, write([text]), 9)).map(({ key }) => key)).toEqual(
      keys.toReversed(),
    );
  });

  it("keep the form that their numbers have", async () => {
    const numbers = ["9007199254740993", "1e3", "12.50", "007", "+1", "-.5"];
    const text = numbers.map((number) => `k ${number}\n`).join("");
    const found = await topLines(fileStorage, write([text]), 9);
    expect(found.map((line) => line.text)).toEqual(numbers);
  });
});

function join0(lines: readonly string[]): string {
  return lines.join("");
}
