import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { HeldDirectory } from "../../../src/mr/base/held-directory.ts";
import {
  checkJobDirectory,
  checkNoOutput,
  sweepJobDirectory,
  sweepTemporaryFiles,
} from "../../../src/mr/storage/file/job-directory.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const FOREIGN = [".mr-x", "a.tmp", "mr-0", "mr-00-1", "mr-out", "mr-out.txt", "mr-worker-map-1"];

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

function check(...names: string[]): void {
  const inputs = names.map((url) => ({ url, size: 4, version: "1" }));
  checkJobDirectory({ directory, inputDirectory: directory, inputs });
}

function write(...names: string[]): void {
  for (const name of names) writeFileSync(join(directory, name), "text");
}

describe("a job directory", () => {
  it("F14: is cleared of everything an earlier job has left there, and of nothing else", () => {
    write("mr-0-0", "mr-12-3", "mr-out-0", "mr-out-12", ".mr-out-0.abc-1-2.tmp", ...FOREIGN);
    sweepJobDirectory(HeldDirectory.open(directory));
    expect(readdirSync(directory).sort()).toEqual(FOREIGN);
  });

  it.each(["mr-0-0", "mr-out-12", "mr-out", ".mr-journal"])(
    "F14 is refused to a new job because of %s, and not because of a file of the user",
    (name) => {
      write(...FOREIGN.filter((foreign) => foreign !== "mr-out"), ".mr-events");
      checkNoOutput(directory);
      write(name);
      expect(() => checkNoOutput(directory)).toThrow(mrError("OUTPUT_EXISTS", `"${name}"`));
    },
  );

  it("F2: is swept of the temporary files of attempts that were killed, and of nothing else", () => {
    write(".mr-out-0.00c0ffee-1-4711.tmp", ".mr-3-4.00c0ffee-2-4711.tmp", "mr-0-0", "mr-out-0");
    sweepTemporaryFiles(HeldDirectory.open(directory));
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-out-0"]);
  });

  it("is refused when it is missing or is a file, by its name", () => {
    write("a.txt");
    for (const path of [join(directory, "missing"), join(directory, "a.txt")]) {
      expect(() =>
        checkJobDirectory({ directory: path, inputDirectory: path, inputs: [] }),
      ).toThrow(mrError("DIRECTORY_UNUSABLE", `"${path}"`));
    }
  });

  it("is refused when an input has the name of a file that the job writes", () => {
    write("mr-out-3", "mr-1-2", "mr-notes.txt");
    mkdirSync(join(directory, "other"));
    write("other/mr-out-3");
    symlinkSync("mr-out-3", join(directory, "link.txt"));
    check("mr-notes.txt", "other/mr-out-3");
    for (const input of ["mr-out-3", "./mr-1-2", join(directory, "mr-out-3"), "link.txt"]) {
      expect(() => check(input)).toThrow(mrError("OUTPUT_EXISTS", `"${input}"`));
    }
  });

  it("may have an input with such a name in another storage", () => {
    check("memory:///in/mr-out-3");
  });

  it("says what could not be removed when a directory has the name of a result", () => {
    mkdirSync(join(directory, "mr-out-0"));
    expect(() => sweepJobDirectory(HeldDirectory.open(directory))).toThrow(
      mrError("DIRECTORY_UNUSABLE", "mr-out-0"),
    );
  });
});
