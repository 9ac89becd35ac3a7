import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { MAP, REDUCE } from "./apps.ts";
import { Job } from "./job.ts";
import type { Command } from "./processes.ts";

const TSMR = fileURLToPath(new URL("../../src/main/tsmr.ts", import.meta.url));

/** A program that runs on a terminal. */
export interface OnTerminal {
  readonly code: Promise<number | null>;
  readonly onOutput: (listener: (text: string) => void) => void;
}

/** A directory with two inputs and a word count, in which `tsmr` runs. */
export class Folder extends Job {
  readonly #terminals: ChildProcess[] = [];

  constructor() {
    super();
    this.write("a", "x y x");
    this.write("b", "y y z");
    this.write("app.ts", MAP + REDUCE);
  }

  tsmr(...args: string[]): Command {
    return this.start("src/main/tsmr.ts", args);
  }

  /** The same with environment variables. */
  tsmrWith(env: Readonly<Record<string, string>>, ...args: string[]): Command {
    return this.start("src/main/tsmr.ts", args, this.directory, env);
  }

  /**
   * Runs `tsmr` on a pseudo-terminal.
   *
   * @param terminal the value of TERM; null for none
   */
  startOnTerminal(
    args: readonly string[],
    columns: number,
    rows: number,
    terminal: string | null = "xterm-256color",
  ): OnTerminal {
    const words = [process.execPath, "--import", import.meta.resolve("tsx"), TSMR, ...args];
    const line = words.map((word) => `'${word}'`).join(" ");
    const child = spawn(
      "script",
      ["-qfec", `stty cols ${columns} rows ${rows}; exec ${line}`, "/dev/null"],
      {
        cwd: this.directory,
        env: { ...process.env, TERM: terminal ?? undefined, LC_ALL: "C.UTF-8", NO_COLOR: "" },
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const code = once(child, "close").then(([exitCode]) => exitCode as number | null);
    this.#terminals.push(child);
    return {
      code,
      onOutput: (listener) => child.stdout.setEncoding("utf8").on("data", listener),
    };
  }

  override async end(): Promise<void> {
    for (const child of this.#terminals) child.kill("SIGKILL");
    await super.end();
  }

  text(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }
}

export function newFolder({ onTestFinished }: TestContext): Folder {
  const folder = new Folder();
  onTestFinished(() => folder.end());
  return folder;
}
