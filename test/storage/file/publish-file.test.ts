/** Tests publishFile of destination.ts. */
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publishFile } from "../../../src/mr/storage/file/destination.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

it("publishes any number of parts, replacing the file that was there", () => {
  const path = join(temporaryDirectory(), "out");
  const lines = Array.from({ length: 300_000 }, (_, index) => `${index} é\u{1F600}\n`);
  writeFileSync(path, "old");
  const parts = lines.map((line) => Buffer.from(line));
  publishFile(path, parts, "user");
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  publishFile(path, [], "user");
  expect(readFileSync(path, "utf8")).toBe("");
});

it("leaves nothing behind when a file cannot be published", () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "out"));
  expect(() => publishFile(join(directory, "out"), [Buffer.from("a\n")], "user")).toThrow(
    expect.objectContaining({ code: "EISDIR" }),
  );
  expect(readdirSync(directory)).toEqual(["out"]);
});

it("F35: replaces a link or a FIFO that has a name of this program", () => {
  const directory = temporaryDirectory();
  const path = join(directory, "out");
  writeFileSync(join(directory, "theirs"), "theirs");
  const plants = [
    () => symlinkSync("theirs", path),
    () => symlinkSync("nothing", path),
    () => void spawnSync("mkfifo", [path]),
  ];
  for (const plant of plants) {
    plant();
    expect(publishFile(path, [Buffer.from("ours")], "program")).toBe(true);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("ours");
    rmSync(path);
  }
  expect(readdirSync(directory)).toEqual(["theirs"]);
  expect(readFileSync(join(directory, "theirs"), "utf8")).toBe("theirs");
});
