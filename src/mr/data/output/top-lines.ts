import { setImmediate } from "node:timers/promises";
import type { Storage } from "../../storage/storage.ts";
import { type LineFile, LineReader } from "./line-reader.ts";

/** A line of an output whose value is a number. */
export interface NumberLine {
  readonly key: string;
  readonly value: number;
  /** The value as the line has it. */
  readonly text: string;
}

/** How many more lines than wanted are kept, so that they are seldom sorted. */
const SLACK = 1024;
const LINES_PER_TURN = 50_000;
const SPACE = 32;
const TAB = 9;
const QUOTE_BRACE = '{"';
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Finds the lines with the largest values in the outputs of a job, the largest first, equal ones in the
 * order of their keys. The value of a line follows its last space or tab, and the key precedes it; in JSON
 * lines they are the members of that name. Lines whose value is not a number are left out. Memory depends
 * on `count`, not on the size of the files.
 *
 * @throws MrError when a file cannot be read, is not what was written, or has an output of `reduce` that is more
 *   than one line; the reason of `signal`
 */
export async function topLines(
  storage: Storage,
  outputs: readonly LineFile[],
  count: number,
  signal?: AbortSignal,
): Promise<NumberLine[]> {
  let best: NumberLine[] = [];
  let min = Number.NEGATIVE_INFINITY;
  const cut = () => {
    best = best.sort(compare).slice(0, count);
    if (best.length === count) min = best.at(-1)?.value ?? min;
  };
  let lines = 0;
  const files = await storage.fetch(outputs.map(({ path }) => path));
  try {
    for (const output of outputs) {
      const reader = new LineReader(files, output);
      try {
        while (reader.next()) {
          const line = parse(reader, min);
          if (line !== undefined && line.value >= min && best.push(line) >= count + SLACK) cut();
          if (++lines % LINES_PER_TURN !== 0) continue;
          await setImmediate();
          signal?.throwIfAborted();
        }
      } finally {
        reader.close();
      }
    }
  } finally {
    files.close();
  }
  cut();
  return best;
}

/** @returns undefined when the value is not a number, and maybe when it is less than `min` */
function parse({ bytes, start, end }: LineReader, min: number): NumberLine | undefined {
  const last = end - 1;
  if (bytes.toString("latin1", start, start + 2) === QUOTE_BRACE) {
    const line = parseJson(bytes.toString("utf8", start, last));
    if (line !== undefined) return line.number;
  }
  let at = last - 1;
  while (at >= start && bytes[at] !== SPACE && bytes[at] !== TAB) at -= 1;
  const text = bytes.toString("latin1", at + 1, last);
  if (at < start || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  if (!(value >= min)) return undefined;
  return { key: bytes.toString("utf8", start, at), value, text };
}

/** @returns undefined when the line is not one of `jsonLines()`: a key may look like the beginning of one */
function parseJson(text: string): { readonly number: NumberLine | undefined } | undefined {
  try {
    const { key, value, ...others } = JSON.parse(text) as Record<string, unknown>;
    if (typeof key !== "string" || value === undefined || Object.keys(others).length > 0) {
      return undefined;
    }
    return { number: typeof value === "number" ? { key, value, text: String(value) } : undefined };
  } catch {
    // It is text.
    return undefined;
  }
}

function compare(a: NumberLine, b: NumberLine): number {
  if (a.value !== b.value) return b.value - a.value;
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
}
