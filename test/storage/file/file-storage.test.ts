import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { describeStorage } from "../storage-conformance.ts";

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "tsmr-storage-"));
}

describe("the file storage", () => {
  describeStorage(() => {
    const directory = temporaryDirectory();
    const close = () => rmSync(directory, { recursive: true, force: true });
    return { storage: fileStorage, directory, close };
  });

  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("lists files, not directories, and opens no directory", async () => {
    mkdirSync(join(directory, "d"));
    expect(await fileStorage.list(directory)).toEqual([]);
    expect(() => fileStorage.open(join(directory, "d"))).toThrow(
      expect.objectContaining({ code: "EISDIR" }),
    );
  });

  it("keeps an unpublished file beside its place, under a name that no pattern mr-* matches", () => {
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: false });
    output.file("mr-0-0").finish();
    expect(readdirSync(directory)).toEqual([".mr-0-0.0123abcd-1-1.tmp"]);
    output.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("publishes each file of an output, and removes the others when one can't be", () => {
    mkdirSync(join(directory, "mr-0-1"));
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: false });
    for (const name of ["mr-0-0", "mr-0-1", "mr-0-2"]) output.file(name).finish();
    expect(() => output.commit()).toThrow(
      expect.objectContaining({
        code: "OUTPUT_UNWRITABLE",
        message: expect.stringContaining(`Cannot publish output "${join(directory, "mr-0-1")}"`),
      }),
    );
    output.discard();
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-0-1"]);
  });

  it("says which output cannot be created", () => {
    const missing = join(directory, "none");
    const output = fileStorage.createOutput(missing, "0123abcd-1-1", { durable: false });
    expect(() => output.file("mr-out-0")).toThrow(
      expect.objectContaining({
        code: "OUTPUT_UNWRITABLE",
        message: `Cannot create output "${join(missing, "mr-out-0")}": no such file or directory (ENOENT)`,
      }),
    );
    output.discard();
  });
});
