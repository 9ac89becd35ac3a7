// Tests src/mr/base/directories.ts.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeDirectory, removeEmptyDirectories } from "../../src/mr/base/directories.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function home(): string {
  const directory = temporaryDirectory();
  return directory;
}

it("makes a directory and those it is in, and leaves one that is there", () => {
  const path = join(home(), "a", "b");
  makeDirectory(path);
  makeDirectory(path);
  expect(existsSync(path)).toBe(true);
});

it("tells which it has made, so that those in which nothing is left can be removed again", () => {
  const directory = home();
  const made = makeDirectory(join(directory, "a", "b", "c"));
  const paths = ["a", "a/b", "a/b/c"].map((path) => join(directory, path));
  expect(made).toEqual(paths);
  expect(makeDirectory(join(directory, "a", "b"))).toEqual([]);
  writeFileSync(join(directory, "a", "kept"), "");
  removeEmptyDirectories(made);
  expect(paths.map((path) => existsSync(path))).toEqual([true, false, false]);
});

it("fails where a file is in the way", () => {
  const directory = home();
  writeFileSync(join(directory, "file"), "");
  expect(() => makeDirectory(join(directory, "file"))).toThrow(/EEXIST/);
  // Node 24 does not tell it from a name that is free.
  expect(() => makeDirectory(join(directory, "file", "below"))).toThrow(/ENOTDIR/);
  expect(() => makeDirectory(join(directory, "file", "far", "below"))).toThrow(/ENOTDIR/);
});

it.runIf(existsSync("/proc/self"))(
  "F13 fails at once where no directory can be made (needs /proc)",
  () => {
    expect(() => makeDirectory("/proc/nowhere/below")).toThrow(/ENOENT/);
  },
);
