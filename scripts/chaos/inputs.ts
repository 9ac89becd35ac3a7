import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Random } from "../../test/simulation/random.ts";
import { start } from "./processes.ts";

const MAKE_DATA = fileURLToPath(new URL("../make-data.ts", import.meta.url));
const SORT_FILES = 3;
const SORT_LINES = 30_000;

/** What jobs read: few files or many, one that is cut into splits, compressed ones, tables, records. */
export type InputSet = "few" | "many" | "large" | "gz" | "csv" | "lines";

/**
 * Makes all input files, the same ones every time.
 *
 * @param folder absolute path of a folder that exists
 * @param mark by which the process that makes them is found
 * @returns the absolute paths of each set
 */
export async function makeInputs(
  folder: string,
  mark: string,
): Promise<Readonly<Record<InputSet, readonly string[]>>> {
  const source = join(folder, "source");
  const log = join(folder, "make-data.log");
  const command = [process.execPath, "--import", import.meta.resolve("tsx"), MAKE_DATA] as const;
  // Out of reach of the terminal's Ctrl-C, which is for this process to act upon.
  const { code } = await start([...command, "--out", source], { cwd: folder, mark, log }).ended;
  if (code !== 0) throw new Error(`Cannot make inputs:\n${readFileSync(log, "utf8")}`);
  const texts = readdirSync(source)
    .sort()
    .map((name) => readFileSync(join(source, name), "utf8"));
  const write = (set: InputSet, extension: string, contents: ReadonlyArray<string | Buffer>) => {
    mkdirSync(join(folder, set));
    return contents.map((content, index) => {
      const path = join(folder, set, `${index}.${extension}`);
      writeFileSync(path, content);
      return path;
    });
  };
  const pieces = (count: number, chars: number) =>
    Array.from({ length: count }, (_, index) => {
      const text = texts[index % texts.length] ?? "";
      const start = chars * Math.floor(index / texts.length);
      return text.slice(start, start + chars);
    });
  const random = new Random(1);
  return {
    few: write("few", "txt", pieces(3, 150_000)),
    // One of them is empty: it is a task like the others.
    many: write("many", "txt", ["", ...pieces(39, 20_000)]),
    large: write("large", "txt", pieces(1, 400_000)),
    gz: write("gz", "txt.gz", pieces(8, 60_000).map(gzip)),
    csv: write("csv", "csv", pieces(6, 40_000).map(table)),
    lines: write(
      "lines",
      "txt",
      Array.from({ length: SORT_FILES }, () => sortable(random)),
    ),
  };
}

function gzip(text: string): Buffer {
  return gzipSync(text, { level: 1 });
}

/** A row a word, with a field that needs its quotes: it holds commas, line breaks and quotes. */
function table(text: string): string {
  const rows = Array.from(text.matchAll(/\p{L}+/gu), ({ 0: word, index }) => {
    const around = text.slice(Math.max(0, index - 8), index + 8).replaceAll('"', '""');
    return `"${around}",${word},${word.length}\n`;
  });
  return `around,word,length\n${rows.join("")}`;
}

function sortable(random: Random): string {
  const lines = Array.from({ length: SORT_LINES }, (_, line) => {
    const key = Array.from({ length: 10 }, () => String.fromCharCode(random.whole(33, 126)));
    return `${key.join("")} ${String(line).padStart(8, "0")} ${"ABCDEFGH".repeat(9)}\n`;
  });
  return lines.join("");
}
