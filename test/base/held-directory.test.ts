import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { MrError } from "../../src/mr/base/errors.ts";
import { HeldDirectory } from "../../src/mr/base/held-directory.ts";
import { mrError } from "../support/mr-error.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
let path: string;
beforeEach(() => {
  home = temporaryDirectory();
  path = join(home, "out");
  mkdirSync(path);
  writeFileSync(join(path, "mr-out-0"), "ours");
});

function replace(): void {
  renameSync(path, join(home, "moved"));
  mkdirSync(path);
  writeFileSync(join(path, "mr-out-0"), "theirs");
}

/** With and without a directory of the open files of this process. */
const SYSTEMS = [
  ["the descriptor", undefined],
  ["its path", "/nowhere"],
] as const;

describe.each(SYSTEMS)("a directory that is held by %s", (_, descriptors) => {
  it("F61 removes its own files, and none of another one that takes its place", () => {
    writeFileSync(join(path, "mr-out-1"), "ours");
    const held = HeldDirectory.open(path, descriptors);
    held.remove("mr-out-1");
    held.remove("missing");
    expect(readdirSync(path)).toEqual(["mr-out-0"]);
    replace();
    try {
      held.remove("mr-out-0");
    } catch (error) {
      expect(error).toBeInstanceOf(MrError);
    }
    expect(readdirSync(path)).toEqual(["mr-out-0"]);
    expect(held.isInPlace).toBe(false);
    expect(() => held.check()).toThrow(mrError("DIRECTORY_UNUSABLE", path));
    held.close();
  });

  it("has its own path in errors", () => {
    mkdirSync(join(path, "full"));
    const held = HeldDirectory.open(path, descriptors);
    expect(() => held.remove("full")).toThrow(join(path, "full"));
    expect(held.explain(new Error(`"${held.at()}"`))).toMatchObject({ message: `"${path}"` });
    held.close();
    held.close();
    expect(() => held.at("mr-out-0")).toThrow("is not held any more");
  });
});
