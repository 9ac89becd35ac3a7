import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { describeStorage } from "../storage-conformance.ts";

describe("the file storage", () => {
  describeStorage(() => {
    const directory = temporaryDirectory();
    const makeDirectory = (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, "file"), "text");
    };
    return { storage: fileStorage, directory, makeDirectory, close: () => undefined };
  });

  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });

  it("keeps an unpublished file beside its place, under a name that no pattern mr-* matches", () => {
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: false });
    output.file("mr-0-0").finish();
    expect(readdirSync(directory)).toEqual([".mr-0-0.0123abcd-1-1.tmp"]);
    output.discard();
    expect(readdirSync(directory)).toEqual([]);
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
