import {
  chmodSync,
  closeSync,
  linkSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createFile, openJobFile } from "../../src/mr/base/open-file.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** What another user does just after this process has removed a file, to make one of the same name. */
const other = vi.hoisted(() => ({ acts: (_path: string): void => undefined }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return {
    ...fs,
    unlinkSync(path: string) {
      try {
        fs.unlinkSync(path);
      } finally {
        other.acts(path);
      }
    },
  };
});

let directory: string;
beforeEach(({ onTestFinished }) => {
  directory = temporaryDirectory();
  onTestFinished(() => {
    other.acts = () => undefined;
  });
});

describe("a file that is made", () => {
  it("replaces the one that was there", () => {
    const path = join(directory, "file");
    writeFileSync(path, "old text");
    const descriptor = createFile(path);
    writeSync(descriptor, "new");
    closeSync(descriptor);
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  it.each([true, false])(
    "F35 is not the one that another user puts there at that moment, if there was one before: %s",
    (wasThere) => {
      const [path, precious] = [join(directory, "file"), join(directory, "precious")];
      writeFileSync(precious, "precious");
      if (wasThere) writeFileSync(path, "");
      other.acts = (removed) => linkSync(precious, removed);
      expect(() => createFile(path)).toThrow(expect.objectContaining({ code: "EEXIST" }));
      expect(readFileSync(precious, "utf8")).toBe("precious");
    },
  );
});

describe("a file of a job", () => {
  it.each([
    ["read", 0o644],
    ["readWrite", 0o600],
    ["append", 0o600],
  ] as const)(
    "F35 that others may read is kept from them once it is written to (%s)",
    (how, mode) => {
      const path = join(directory, ".mr-journal");
      writeFileSync(path, "");
      chmodSync(path, 0o644);
      closeSync(openJobFile(path, how));
      expect(statSync(path).mode & 0o777).toBe(mode);
    },
  );
});
