import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeLines } from "../../../src/mr/engines/sequential/write-lines.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

it("writes any number of lines, replacing the file that was there", async () => {
  const path = join(temporaryDirectory(), "out");
  const lines = Array.from({ length: 300_000 }, (_, index) => `${index} é\u{1F600}\n`);
  writeFileSync(path, "old");
  await writeLines(path, lines);
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  await writeLines(path, []);
  expect(readFileSync(path, "utf8")).toBe("");
});

it("gives lone surrogates three bytes each, so different lines stay different", async () => {
  const path = join(temporaryDirectory(), "out");
  await writeLines(path, ["a\uD800b\n", "\uDFFF\u{1F600}\n"]);
  expect(readFileSync(path).toString("hex")).toBe("61eda080620aedbfbff09f98800a");
});

it("leaves nothing behind when it fails", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "out"));
  await expect(writeLines(join(dir, "out"), ["a\n"])).rejects.toThrow(
    /Cannot write output ".*out"/,
  );
  expect(readdirSync(dir)).toEqual(["out"]);
});
