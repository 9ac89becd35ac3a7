/** Tests publishFile of destination.ts. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publishFile } from "../../../src/mr/storage/file/destination.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

it("publishes any number of parts, replacing the file that was there", () => {
  const path = join(temporaryDirectory(), "out");
  const lines = Array.from({ length: 300_000 }, (_, index) => `${index} é\u{1F600}\n`);
  writeFileSync(path, "old");
  publishFile(
    path,
    lines.map((line) => Buffer.from(line)),
  );
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  publishFile(path, []);
  expect(readFileSync(path, "utf8")).toBe("");
});

it("leaves nothing behind when a file cannot be published", () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "out"));
  expect(() => publishFile(join(directory, "out"), [Buffer.from("a\n")])).toThrow(
    expect.objectContaining({ code: "EISDIR" }),
  );
  expect(readdirSync(directory)).toEqual(["out"]);
});
