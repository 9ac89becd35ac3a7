import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { KeySet } from "./inputs/many-keys.ts";
import { COUNTS_FILE, INDEX_FILE, type TextSet } from "./inputs/real-text.ts";
import type { SortSet } from "./inputs/sort-records.ts";
import { addHash, lineHash } from "./line-checksum.ts";

/** The result of a timed run is wrong, so its time has no meaning. */
export class WrongResultError extends Error {
  override name = "WrongResultError";
}

/** Paths of `mr-out-0`, `mr-out-1` … in a folder, by number. */
export async function outputFiles(folder: string): Promise<string[]> {
  const numbers = (await readdir(folder))
    .map((name) => /^mr-out-(\d+)$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (numbers.length === 0) {
    throw new WrongResultError("there is no mr-out-* file");
  }
  return numbers.map((number) => join(folder, `mr-out-${number}`));
}

/** The lines `word count` of all files, in any order, must be the expected ones. */
export async function checkCounts(files: string[], text: TextSet): Promise<void> {
  const lines: string[] = [];
  for (const file of files) {
    lines.push(...(await readFile(file, "utf8")).split("\n").slice(0, -1));
  }
  const expected = (await readFile(join(text.folder, COUNTS_FILE), "utf8"))
    .split("\n")
    .slice(0, -1);
  // Any order will do if it is the same for both.
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  lines.sort(order);
  expected.sort(order);
  compareLines(lines, expected);
}

/** `wc -w` prints a total at the end, which must be within the limits that the text's own count gives. */
export function checkShellCount(stdout: string, text: TextSet): void {
  const total = Number(/(\d+)(?: total)?\s*$/.exec(stdout)?.[1]);
  const [least, most] = text.facts.shellWords;
  if (!(total >= least && total <= most)) {
    throw new WrongResultError(`wc counted ${total} words, not ${least} to ${most}`);
  }
}

/** Lines `word n path,path…`: for each word the files that contain it, in any order. */
export async function checkIndex(files: string[], text: TextSet, copies: number): Promise<void> {
  const expected = new Map<string, Set<string>>();
  const names = text.files.map((file) => basename(file));
  for (const line of (await readFile(join(text.folder, INDEX_FILE), "utf8")).split("\n")) {
    const [word = "", numbers = ""] = line.split(" ");
    const holders = numbers.split(",").map((number) => names[Number(number)] ?? "");
    if (word !== "") {
      expected.set(word, new Set(copies === 1 ? holders : copied(holders, copies)));
    }
  }
  let found = 0;
  for await (const line of linesOf(files)) {
    found++;
    const [word = "", count, paths = ""] = line.split(" ");
    const holders = new Set(paths.split(",").map((path) => basename(path)));
    const wanted = expected.get(word);
    if (
      wanted === undefined ||
      Number(count) !== wanted.size ||
      holders.size !== wanted.size ||
      ![...holders].every((holder) => wanted.has(holder))
    ) {
      throw new WrongResultError(`the files of "${word}" are not the expected: ${clip(line)}`);
    }
  }
  if (found !== expected.size) {
    throw new WrongResultError(`there are ${found} words, not ${expected.size}`);
  }
}

function copied(names: string[], copies: number): string[] {
  return names.flatMap((name) =>
    Array.from({ length: copies }, (_, copy) => `copy-${copy}-${name}`),
  );
}

/** The concatenated files must be in byte order and have exactly the expected records. */
export async function checkSorted(files: string[], records: SortSet): Promise<void> {
  const seen = await scanLines(files, { inOrder: true });
  compareSums(seen, records.facts.records, records.facts.checksum);
}

/** Lines `key count`, in any order, must be exactly the expected ones. */
export async function checkKeyCounts(files: string[], keys: KeySet): Promise<void> {
  const seen = await scanLines(files, { inOrder: false });
  compareSums(seen, keys.facts.distinctKeys, keys.facts.checksum);
}

interface LineSums {
  lines: number;
  checksum: number;
}

function compareSums(seen: LineSums, lines: number, checksum: number): void {
  if (seen.lines !== lines) {
    throw new WrongResultError(`there are ${seen.lines} lines, not ${lines}`);
  }
  if (seen.checksum !== checksum) {
    throw new WrongResultError(`the lines are not the expected ones: their checksum differs`);
  }
}

/** Reads blocks, not strings: 10 million lines are checked in about two seconds. */
async function scanLines(files: string[], { inOrder }: { inOrder: boolean }): Promise<LineSums> {
  const sums = { lines: 0, checksum: 0 };
  let previous = Buffer.alloc(0);
  for (const file of files) {
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      const block = Buffer.concat([rest, chunk as Buffer]);
      const view = new DataView(block.buffer, block.byteOffset, block.length);
      let start = 0;
      let last = previous;
      let lastStart = 0;
      let lastEnd = previous.length;
      for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, start)) {
        if (inOrder && last.compare(block, start, end, lastStart, lastEnd) > 0) {
          throw new WrongResultError(
            `line ${sums.lines + 1} is out of order: ${clip(block.toString("utf8", start, end))}`,
          );
        }
        sums.lines++;
        sums.checksum = addHash(sums.checksum, lineHash(view, start, end));
        last = block;
        lastStart = start;
        lastEnd = end;
        start = end + 1;
      }
      previous = Buffer.from(last.subarray(lastStart, lastEnd));
      rest = block.subarray(start);
    }
    if (rest.length > 0) {
      throw new WrongResultError(`${basename(file)} does not end with a line break`);
    }
  }
  return sums;
}

async function* linesOf(files: string[]): AsyncGenerator<string> {
  for (const file of files) {
    yield* createInterface({ input: createReadStream(file) });
  }
}

function compareLines(lines: string[], expected: string[]): void {
  const index = expected.findIndex((line, position) => line !== lines[position]);
  if (index >= 0) {
    const found = lines[index];
    throw new WrongResultError(
      `"${clip(expected[index] ?? "")}" is expected, ` +
        (found === undefined ? "and missing" : `"${clip(found)}" was found`),
    );
  }
  if (lines.length > expected.length) {
    throw new WrongResultError(`there are ${lines.length} lines, not ${expected.length}`);
  }
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
