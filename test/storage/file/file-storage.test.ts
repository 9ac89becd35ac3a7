import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

  it("F35: writes no file through a link that is in the place of a temporary file", () => {
    const precious = join(directory, "precious");
    writeFileSync(precious, "precious");
    symlinkSync(precious, join(directory, ".mr-0-0.0123abcd-1-1.tmp"));
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: false });
    output.file("mr-0-0").finish();
    output.commit();
    expect(readFileSync(precious, "utf8")).toBe("precious");
    expect(lstatSync(join(directory, "mr-0-0")).isFile()).toBe(true);
  });

  it("F35: reads neither a FIFO, for which it would have to wait, nor a map output that is a link", async () => {
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    await expect((async () => fileStorage.open(fifo))()).rejects.toThrow(/not a regular file/);
    const files = await fileStorage.fetch([fifo]);
    expect(() => files.open(fifo)).toThrow(/not a regular file/);
    writeFileSync(join(directory, "mr-0-1"), "");
    symlinkSync("mr-0-1", join(directory, "mr-0-0"));
    expect(() => files.open(join(directory, "mr-0-0"))).toThrow(/symbolic link/);
    files.close();
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
