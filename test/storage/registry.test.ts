import { describe, expect, it } from "vitest";
import { fileStorage } from "../../src/mr/storage/file/file-storage.ts";
import { MemoryStorage } from "../../src/mr/storage/memory/memory-storage.ts";
import { storageFor } from "../../src/mr/storage/registry.ts";

describe("the storage of a URL", () => {
  const memory = new MemoryStorage();
  const storages = new Map([["memory", memory]]);

  it("is that of its scheme", () => {
    expect(storageFor("memory:///in/a.txt", storages)).toBe(memory);
  });

  it("is the file system for a path, whatever it looks like, and for an unknown scheme", () => {
    const paths = ["a.txt", "/in/a.txt", "memory", "memory:a", "in/memory://a", "s3://bucket/a"];
    for (const path of paths) expect(storageFor(path, storages)).toBe(fileStorage);
  });
});
