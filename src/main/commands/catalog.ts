import type { Command } from "commander";

/** Takes the arguments of the command line, then the options; returns the exit code. */
export type Action = (...args: never[]) => Promise<number>;

export interface CommandModule {
  /** Adds arguments, options and examples to the command, and returns its action. */
  readonly define: (command: Command) => Action;
}

const runningJob = () => import("./running-job.ts");

/** In the order in which help lists them. Only the command that is run is loaded: each loads much of the library. */
const ROWS: ReadonlyArray<readonly [string, string, () => Promise<CommandModule>]> = [
  ["run", "run a job on this machine, with workers of its own", () => import("./run.ts")],
  ["status", "say how a running job is doing", async () => (await runningJob()).status],
  ["cancel", "end a running job", async () => (await runningJob()).cancel],
  ["worker", "help with a running job, as one more worker", () => import("./worker.ts")],
  ["sequential", "run a job in this one process, to compare with", () => import("./sequential.ts")],
  ["report", "write a report or a chart of a job", () => import("./report.ts")],
  ["init", "make an app to start from, with its test", () => import("./init.ts")],
  ["apps", "list the apps that come with the package", () => import("./apps.ts")],
  ["completion", "print the completion for a shell", () => import("./completion.ts")],
];

export const COMMANDS = ROWS.map(([name, summary, load]) => {
  return { name, summary, load };
});
