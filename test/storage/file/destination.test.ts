import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { destinationOf } from "../../../src/mr/storage/file/destination.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

const at = (...names: string[]) => join(folder, ...names);

describe("where a file is written", () => {
  it("is where it was named, if there is a file or nothing", () => {
    writeFileSync(at("old"), "");
    for (const name of ["old", "new", "no/such"]) {
      expect(destinationOf(at(name))).toBe(at(name));
    }
  });

  it("is what a link points at, and what that points at", () => {
    mkdirSync(at("there"));
    writeFileSync(at("there/file"), "");
    symlinkSync("there/file", at("one"));
    symlinkSync(at("one"), at("two"));
    expect(destinationOf(at("two"))).toBe(at("there/file"));
  });

  it("is what a link points at that is not there yet, from where the link really is", () => {
    mkdirSync(at("real/deep"), { recursive: true });
    symlinkSync("real/deep", at("folder"));
    symlinkSync("../new", at("real/deep/link"));
    expect(destinationOf(at("folder/link"))).toBe(at("real/new"));
  });

  it("is not told of links that go round", () => {
    symlinkSync("b", at("a"));
    symlinkSync("a", at("b"));
    expect(() => destinationOf(at("a"))).toThrow(/ELOOP/);
  });

  it("stays what it is, where it is no file", () => {
    execFileSync("mkfifo", [at("pipe")]);
    symlinkSync("pipe", at("link"));
    symlinkSync("/dev/null", at("nothing"));
    for (const path of [at("pipe"), at("link"), at("nothing"), "/dev/null"]) {
      expect(destinationOf(path)).toBeUndefined();
    }
  });

  it("stays what it is, where the process has it open, file or not", () => {
    for (const path of ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1"]) {
      expect(destinationOf(path)).toBeUndefined();
    }
  });
});
