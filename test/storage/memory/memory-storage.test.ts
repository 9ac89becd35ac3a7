import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../../../src/mr/storage/memory/memory-storage.ts";
import { describeStorage } from "../storage-conformance.ts";

describe("the memory storage", () => {
  describeStorage(() => {
    return { storage: new MemoryStorage(), directory: "/job", close: () => undefined };
  });

  it("gives out what was put into it", () => {
    const storage = new MemoryStorage();
    storage.put("/in/a.txt", Buffer.from("text"));
    expect(storage.paths).toEqual(["/in/a.txt"]);
    expect(Buffer.from(storage.get("/in/a.txt") ?? "").toString()).toBe("text");
    expect(storage.get("/in/b.txt")).toBeUndefined();
  });
});
