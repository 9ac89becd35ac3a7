import { fileURLToPath } from "node:url";
import type { Command } from "./measure.ts";

/** The options of `tsmr run` that the benchmarks set. */
export interface TsmrRun {
  /** Path of the app file. */
  readonly app: string;
  readonly inputs: readonly string[];
  readonly workers: number;
  readonly reduces: number;
  readonly out: string;
  /** The memory limit of one process, in the form of the command line, such as `256MB`. */
  readonly memory?: string;
}

/** The command line of `tsmr run`. */
export function tsmrCommand(program: string, run: TsmrRun): Command {
  return {
    program: process.execPath,
    arguments: [
      program,
      "run",
      run.app,
      ...run.inputs,
      "--workers",
      String(run.workers),
      "--reduces",
      String(run.reduces),
      "--out",
      run.out,
      ...(run.memory === undefined ? [] : ["--memory", run.memory]),
      // `npm run check` checks the types of the apps. Here it would cost the first run time and memory.
      "--no-check",
      "--quiet",
    ],
  };
}

/** App files of the benchmarks, and the shipped classic word count. */
export function appPath(name: "word-count" | "sort" | "index" | "count-keys" | "wc"): string {
  const path = name === "wc" ? "../../src/mrapps/wc.ts" : `./apps/${name}.ts`;
  return fileURLToPath(new URL(path, import.meta.url));
}
