import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** The results of a job as its sequential run has them, one of each reduce task. */
export type Expected = (reduces: number) => Buffer[];

/** Runs the oracle, once for each app and its inputs. */
export class Oracle {
  readonly #folder: string;
  readonly #program: Program;
  readonly #known = new Map<string, Promise<Expected>>();

  /** @param folder absolute path of a folder for what the oracle writes */
  constructor(folder: string, program: Program) {
    this.#folder = folder;
    this.#program = program;
  }

  of(app: string, inputs: readonly string[]): Promise<Expected> {
    const key = [app, ...inputs].join("\0");
    const known = this.#known.get(key) ?? this.#run(app, inputs);
    this.#known.set(key, known);
    return known;
  }

  async #run(app: string, inputs: readonly string[]): Promise<Expected> {
    const cwd = mkdtempSync(join(this.#folder, "oracle-"));
    const [command, ...args] = this.#program("mrsequential");
    await promisify(execFile)(command, [...args, app, ...inputs], { cwd });
    const lines = linesOf(readFileSync(join(cwd, "mr-out-0")));
    return (reduces) => partition(lines, reduces);
  }
}

function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(LINE_FEED, start) + 1;
    lines.push(text.subarray(start, end));
    start = end;
  }
  return lines;
}

/** The lab's partition, once more: the key is what stands before the first space of a line. */
function partition(lines: readonly Buffer[], reduces: number): Buffer[] {
  const parts = Array.from({ length: reduces }, (): Buffer[] => []);
  for (const line of lines) {
    let hash = 0x811c9dc5;
    for (const byte of line.subarray(0, line.indexOf(SPACE))) {
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    parts[(hash & 0x7fffffff) % reduces]?.push(line);
  }
  return parts.map((part) => Buffer.concat(part));
}
