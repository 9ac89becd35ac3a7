import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../../../src/mr/storage/memory/memory-storage.ts";
import type { Storage } from "../../../src/mr/storage/storage.ts";
import { laterStorage } from "../../support/later-storage.ts";
import { describeStorage, type StorageUnderTest } from "../storage-conformance.ts";

function memoryUnderTest(wrap: (memory: MemoryStorage) => Storage): StorageUnderTest {
  const memory = new MemoryStorage();
  const makeDirectory = (path: string) => memory.put(`${path}/file`, Buffer.from("text"));
  return { storage: wrap(memory), directory: "/job", makeDirectory, close: () => undefined };
}

describe("a storage that answers later", () => {
  describeStorage(() => memoryUnderTest(laterStorage));
});

describe("the memory storage", () => {
  describeStorage(() => memoryUnderTest((memory) => memory));

  it("gives out what was put into it", () => {
    const storage = new MemoryStorage();
    storage.put("/in/a.txt", Buffer.from("text"));
    expect(storage.paths).toEqual(["/in/a.txt"]);
    expect(Buffer.from(storage.get("/in/a.txt") ?? "").toString()).toBe("text");
    expect(storage.get("/in/b.txt")).toBeUndefined();
  });
});
