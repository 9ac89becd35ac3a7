import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { JobHarness, type JobOptions, sortedLines } from "../data/task/job-harness.ts";
import { runOracle } from "../support/oracle.ts";

const APPS = fileURLToPath(new URL("../../src/mrapps/", import.meta.url));

let loads = 0;

/**
 * Loads a shipped app with environment variables of its own, as a worker that is started with them
 * does.
 *
 * @throws whatever the module throws
 */
export async function loadShipped(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RecordApp> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    // The settings are read once, so each load is of a module of its own.
    const path = `${APPS}${name}.ts?load=${++loads}`;
    const module = await import(path);
    return module.default;
  } finally {
    process.env = before;
  }
}

/** A shipped app on the files of a directory, through the tasks of the real data path. */
export class AppUnderTest {
  readonly #job = new JobHarness();

  write(name: string, contents: string | Uint8Array): void {
    this.#job.write(name, contents);
  }

  /**
   * Runs a job of many small splits, and compares its lines with those of the sequential run.
   *
   * @returns the contents of `mr-out-0`, `mr-out-1`, …
   */
  async run(
    app: RecordApp,
    files: readonly string[],
    options: JobOptions = { splitBytes: 10_000, fanIn: 4 },
  ): Promise<string[]> {
    const outputs = await this.#job.run(app, files, options);
    const oracle = await runOracle(app, files, this.#job.directory);
    expect(sortedLines(outputs)).toEqual(sortedLines([oracle]));
    return outputs.map((output) => output.toString("utf8"));
  }

  /** Where the files are. */
  get directory(): string {
    return this.#job.directory;
  }

  /** What the last run counted. */
  get counters(): Readonly<Record<string, number>> {
    return this.#job.counters;
  }

  /** What a shell command prints where the files are; it orders strings by their bytes. */
  shell(command: string): string {
    const env = { ...process.env, LC_ALL: "C" };
    return execFileSync("sh", ["-c", command], {
      cwd: this.#job.directory,
      encoding: "utf8",
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
  }
}

/** The lines of a text, or of several, in the order of their UTF-16 units. */
export function sorted(...texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  return lines.sort((a, b) => (a < b ? -1 : 1));
}

/** The lines `key value` of a count, in the order of {@link sorted}. */
export function countLines(counts: ReadonlyMap<string, number>, between = " "): string[] {
  return sorted(...Array.from(counts, ([key, count]) => `${key}${between}${count}`));
}

/** Adds one to the count of a key. */
export function countUp(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
