import { setTimeout } from "node:timers/promises";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendBytes } from "../../src/mr/base/byte-target.ts";
import type { PendingFile } from "../../src/mr/storage/pending-file.ts";
import type { LocalFile, Storage, StoredFile } from "../../src/mr/storage/storage.ts";

/** A storage to be tested, with an empty directory in it. */
export interface StorageUnderTest {
  readonly storage: Storage;
  readonly directory: string;
  /** Makes a directory with a file in it, in the place that a path of a file could have. */
  readonly makeDirectory: (path: string) => void;
  readonly close: () => void;
}

const TAG = "0123abcd-1-1";

type Step = "mark" | "rollBack" | { readonly length: number; readonly isInPlace: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>("mark", "rollBack"),
  fc.record({
    // Some fit in the buffer, and some are written around it.
    length: fc.oneof(fc.nat(100), fc.integer({ min: 60_000, max: 150_000 })),
    isInPlace: fc.boolean(),
  }),
);

/** What every storage must do, whatever it keeps its bytes in. */
export function describeStorage(create: () => StorageUnderTest): void {
  let under: StorageUnderTest;
  let storage: Storage;
  let directory: string;

  beforeEach(() => {
    under = create();
    ({ storage, directory } = under);
  });
  afterEach(() => under.close());

  function pathOf(name: string): string {
    return storage.resolve(directory, name);
  }

  async function write(name: string, contents: string | Uint8Array): Promise<string> {
    const output = storage.createOutput(directory, TAG, { durable: false });
    const file = output.file(name);
    file.write(Buffer.from(contents));
    file.finish();
    await output.commit();
    return pathOf(name);
  }

  async function contentsOf(path: string): Promise<Buffer> {
    const file = await storage.open(path);
    try {
      return await readAll(file);
    } finally {
      file.close();
    }
  }

  describe("a path", () => {
    it("is relative to a directory, or stands for itself", () => {
      const path = pathOf("a.txt");
      expect(path).not.toBe("a.txt");
      expect(storage.resolve("/elsewhere", path)).toBe(path);
    });

    it("has the size of its file, and another version after a change", async () => {
      const path = await write("a.txt", "one");
      const first = await storage.stat(path);
      expect(first.size).toBe(3);
      expect(await storage.stat(path)).toEqual(first);
      let now = first;
      // A version may be a time, which goes on in ticks.
      for (let tries = 0; tries < 1000 && now.version === first.version; tries++) {
        await setTimeout(1);
        await write("a.txt", "two");
        now = await storage.stat(path);
      }
      expect(now.size).toBe(3);
      expect(now.version).not.toBe(first.version);
    });

    it("is free again after its file was removed, which may have happened before", async () => {
      const path = await write("a.txt", "one");
      await storage.remove(path);
      await storage.remove(path);
      expect(await storage.list(directory)).toEqual([]);
    });

    it("of no file is an error ENOENT, whatever is asked of it", async () => {
      const path = pathOf("none");
      await expect(storage.stat(path)).rejects.toMatchObject({ code: "ENOENT" });
      await expect(opened(() => storage.open(path))).rejects.toMatchObject({ code: "ENOENT" });
      const files = await storage.fetch([path]);
      expect(() => files.open(path)).toThrow(expect.objectContaining({ code: "ENOENT" }));
      files.close();
    });

    it("of a directory is an error EISDIR when it is read", async () => {
      const path = pathOf("directory");
      under.makeDirectory(path);
      await expect(opened(() => storage.open(path))).rejects.toMatchObject({ code: "EISDIR" });
      const files = await storage.fetch([path]);
      expect(() => {
        const file = files.open(path);
        try {
          readNow(file);
        } finally {
          file.close();
        }
      }).toThrow(expect.objectContaining({ code: "EISDIR" }));
      files.close();
      expect(await storage.list(directory)).toEqual([]);
    });
  });

  describe("an argument that names inputs", () => {
    it("is a file, under the name it was given", async () => {
      const path = await write("a.txt", "text");
      const stat = await storage.stat(path);
      expect(await storage.find("a.txt", directory)).toEqual([{ url: "a.txt", ...stat }]);
      expect(await storage.find(path, "/elsewhere")).toEqual([{ url: path, ...stat }]);
    });

    it("is the files of a directory in the order of their bytes, without hidden and deeper ones", async () => {
      for (const name of ["b.txt", ".hidden", "\u{1f600}", "\uff5e", "B"])
        await write(name, "text");
      under.makeDirectory(pathOf("directory"));
      const files = await storage.find(directory, "/");
      const names = ["B", "b.txt", "\uff5e", "\u{1f600}"];
      expect(files.map(({ url }) => url)).toEqual(names.map(pathOf));
      expect(files.map(({ size }) => size)).toEqual([4, 4, 4, 4]);
    });

    it("is refused by its name when there is no such file", async () => {
      await expect(storage.find("none.txt", directory)).rejects.toMatchObject({
        code: "INPUT_NOT_FOUND",
        message: expect.stringContaining('"none.txt"'),
      });
    });
  });

  describe("a published file", () => {
    it("is made of all its parts, and replaces the one that was there", async () => {
      const path = pathOf("out");
      for (const parts of [["one ", "", "two"], ["three"], []]) {
        const bytes = parts.map((part) => Buffer.from(part));
        const isThere = await storage.publish(path, bytes, "user");
        expect(isThere).toBe(true);
        expect((await contentsOf(path)).toString()).toBe(parts.join(""));
      }
      expect(await storage.list(directory)).toEqual(["out"]);
    });

    it("leaves nothing where a directory has its name", async () => {
      const path = pathOf("directory");
      under.makeDirectory(path);
      const publishing = (async () => storage.publish(path, [Buffer.from("text")], "user"))();
      await expect(publishing).rejects.toMatchObject({ code: "EISDIR" });
      expect(await storage.list(directory)).toEqual([]);
    });
  });

  it("lists names by their bytes, which is not the order of their UTF-16 units", async () => {
    const names = ["b", "a", "\u{1f600}", "\uff5e", "é", "B"];
    for (const name of names) await write(name, name);
    expect(await storage.list(directory)).toEqual(["B", "a", "b", "é", "\uff5e", "\u{1f600}"]);
  });

  it("reads any range of a file, up to its end", async () => {
    const contents = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
    const path = await write("a.bin", contents);
    const open = await storage.open(path);
    const files = await storage.fetch([path]);
    const fetched = files.open(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(1100), fc.integer({ min: 1, max: 300 }), async (position, length) => {
        for (const file of [open, fetched]) {
          const target = Buffer.alloc(length + 2, 255);
          const count = await file.read(target, 1, length + 1, position);
          expect(count > 0).toBe(position < contents.length);
          const expected = contents.subarray(position, position + count);
          expect(target.subarray(1, count + 1).equals(expected)).toBe(true);
          expect(target[0]).toBe(255);
          expect(target.subarray(count + 1).every((byte) => byte === 255)).toBe(true);
        }
      }),
    );
    open.close();
    fetched.close();
    files.close();
  });

  it("reads what it has fetched without waiting", async () => {
    const paths = [await write("a", "first"), await write("b", "second")];
    const files = await storage.fetch(paths);
    const opened = paths.map((path) => files.open(path));
    expect(opened.map((file) => readNow(file).toString())).toEqual(["first", "second"]);
    for (const file of opened) file.close();
    files.close();
  });

  describe("an output", () => {
    it("has what was appended and not taken back, and the checksum of just that", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25 }),
          fc.boolean(),
          async (steps, durable) => {
            const output = storage.createOutput(directory, TAG, { durable });
            const file = output.file("mr-out-0");
            const kept = append(file, steps);
            file.finish();
            const summary = { name: "mr-out-0", bytes: kept.length, crc32: crc32(kept) };
            expect(file.summary).toEqual(summary);
            expect(await output.commit()).toEqual([summary]);
            expect((await contentsOf(pathOf("mr-out-0"))).equals(kept)).toBe(true);
          },
        ),
        { numRuns: 100 },
      );
    });

    it("of several files is there as a whole after its commit, in order, and not before", async () => {
      const output = storage.createOutput(directory, TAG, { durable: false });
      for (const name of ["mr-0-0", "mr-0-1", "mr-0-2"]) {
        const file = output.file(name);
        file.write(Buffer.from(name.slice(5)));
        file.finish();
        await expect(opened(() => storage.open(pathOf(name)))).rejects.toThrow();
      }
      const outputs = await output.commit();
      expect(outputs.map(({ name }) => name)).toEqual(["mr-0-0", "mr-0-1", "mr-0-2"]);
      expect(await storage.list(directory)).toEqual(["mr-0-0", "mr-0-1", "mr-0-2"]);
      expect((await contentsOf(pathOf("mr-0-2"))).toString()).toBe("2");
      // As every attempt does in the end.
      output.discard();
      expect(await storage.list(directory)).toEqual(["mr-0-0", "mr-0-1", "mr-0-2"]);
    });

    it("replaces that of another attempt, and is replaced by it, only by a commit", async () => {
      const one = storage.createOutput(directory, "0123abcd-1-1", { durable: false });
      const other = storage.createOutput(directory, "0123abcd-2-1", { durable: false });
      const files = [one.file("mr-out-0"), other.file("mr-out-0")];
      for (const [index, file] of files.entries()) {
        file.write(Buffer.from(`attempt ${index}`));
        file.finish();
      }
      await one.commit();
      expect((await contentsOf(pathOf("mr-out-0"))).toString()).toBe("attempt 0");
      await other.commit();
      expect((await contentsOf(pathOf("mr-out-0"))).toString()).toBe("attempt 1");
    });

    it("whose commit fails leaves whole files or none, and can be made again", async () => {
      const names = ["mr-0-0", "mr-0-1", "mr-0-2"];
      under.makeDirectory(pathOf("mr-0-1"));
      const commit = async (tag: string, wanted: readonly string[]) => {
        const output = storage.createOutput(directory, tag, { durable: true });
        for (const name of wanted) {
          const file = output.file(name);
          file.write(Buffer.alloc(300_000, name));
          file.finish();
        }
        try {
          return await output.commit();
        } finally {
          output.discard();
        }
      };
      await expect(commit("0123abcd-1-1", names)).rejects.toMatchObject({
        code: "OUTPUT_UNWRITABLE",
        message: expect.stringContaining(`"${pathOf("mr-0-1")}"`),
      });
      const left = await storage.list(directory);
      expect(["mr-0-0", "mr-0-2"]).toEqual(expect.arrayContaining(left));
      for (const name of left) {
        expect((await contentsOf(pathOf(name))).equals(Buffer.alloc(300_000, name))).toBe(true);
      }
      await commit("0123abcd-2-1", ["mr-0-0", "mr-0-2"]);
      expect(await storage.list(directory)).toEqual(["mr-0-0", "mr-0-2"]);
    });

    it("leaves nothing when it is discarded, with files that are complete or half-written", async () => {
      const output = storage.createOutput(directory, TAG, { durable: false });
      const file = output.file("mr-0-0");
      file.write(Buffer.alloc(300_000));
      file.finish();
      output.file("mr-0-1").write(Buffer.alloc(300_000));
      output.discard();
      output.discard();
      expect(await storage.list(directory)).toEqual([]);
    });
  });

  describe("scratch", () => {
    it("reads back the segments of its files, before and after they are finished", () => {
      const scratch = storage.scratch(directory, TAG);
      const file = scratch.file("mr-0-spill-0");
      const parts = ["", "first", "x".repeat(300_000), "last"].map((text) => {
        file.write(Buffer.from(text));
        return { text, segment: file.endSegment() };
      });
      file.finish();
      const local = scratch.open(file.path);
      for (const { text, segment } of parts) {
        const { path, start, end, crc32: checksum } = segment;
        const bytes = Buffer.alloc(end - start);
        if (bytes.length > 0) expect(local.read(bytes, 0, bytes.length, start)).toBe(bytes.length);
        expect(bytes.toString()).toBe(text);
        expect({ path, checksum }).toEqual({ path: file.path, checksum: crc32(text) });
      }
      local.close();
      scratch.discard();
    });

    it("has no file under its name, and none any more once it is removed or discarded", async () => {
      const scratch = storage.scratch(directory, TAG);
      const files = ["mr-0-spill-0", "mr-0-spill-1"].map((name) => scratch.file(name));
      for (const file of files) file.finish();
      expect(await storage.list(directory)).not.toContain("mr-0-spill-0");
      const [first] = files;
      if (first !== undefined) scratch.remove(first);
      expect(() => scratch.open(first?.path ?? "")).toThrow(
        expect.objectContaining({ code: "ENOENT" }),
      );
      scratch.discard();
      scratch.discard();
      expect(await storage.list(directory)).toEqual([]);
    });
  });
}

/** What a storage throws, or rejects with. */
async function opened(open: () => StoredFile | Promise<StoredFile>): Promise<StoredFile> {
  return await open();
}

/** @returns the bytes that the file should have */
function append(file: PendingFile, steps: readonly Step[]): Buffer {
  file.mark();
  let kept = Buffer.alloc(0);
  let marked = 0;
  for (const [index, action] of steps.entries()) {
    if (action === "mark") {
      file.mark();
      marked = kept.length;
    } else if (action === "rollBack") {
      file.rollBack();
      kept = kept.subarray(0, marked);
    } else {
      const bytes = Buffer.alloc(action.length, index);
      if (action.isInPlace) appendBytes(file, bytes, 0, bytes.length);
      else file.write(bytes);
      kept = Buffer.concat([kept, bytes]);
    }
    expect(file.bytesWritten).toBe(kept.length);
  }
  return kept;
}

async function readAll(file: StoredFile): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let position = 0; ; ) {
    const part = Buffer.alloc(64 * 1024);
    const count = await file.read(part, 0, part.length, position);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    position += count;
  }
}

function readNow(file: LocalFile): Buffer {
  const target = Buffer.alloc(100);
  return target.subarray(0, file.read(target, 0, target.length, 0));
}
