import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lstatIfThere, statIfThere } from "../../src/mr/base/file-status.ts";

describe("the status of a file that may be missing", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tsmr-test-"));
    writeFileSync(join(folder, "file"), "text");
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync("circle", join(folder, "circle"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is that of the file, after links or of the link itself", () => {
    expect(statIfThere(join(folder, "file"))?.size).toBe(4);
    expect(statIfThere(join(folder, "dangling"))).toBeUndefined();
    expect(lstatIfThere(join(folder, "dangling"))?.isSymbolicLink()).toBe(true);
  });

  it("is undefined where a part of the path is missing or a file, on every version of Node", () => {
    for (const path of ["none", "none/x", "file/x", "file/x/y"]) {
      expect(statIfThere(join(folder, path))).toBeUndefined();
      expect(lstatIfThere(join(folder, path))).toBeUndefined();
    }
  });

  it("throws any other error", () => {
    expect(() => statIfThere(join(folder, "circle"))).toThrow(/ELOOP/);
    expect(() => lstatIfThere(join(folder, "circle", "x"))).toThrow(/ELOOP/);
  });
});
