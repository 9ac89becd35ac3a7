import type { Command } from "commander";

/** Takes the arguments of the command line, then the options; returns the exit code. */
export type Action = (...args: never[]) => Promise<number>;

/** The exports of a command's file. */
export interface CommandModule {
  /** Adds arguments, options and examples to the command, and returns its action. */
  readonly define: (command: Command) => Action;
}

export interface CatalogEntry {
  readonly name: string;
  /** One line for `tsmr --help`. */
  readonly summary: string;
  /** Loads the command: only the one that is run, because each loads much of the library. */
  readonly load: () => Promise<CommandModule>;
}

/** The commands of `tsmr`, in the order in which help lists them. */
export const COMMANDS: readonly CatalogEntry[] = [
  {
    name: "run",
    summary: "run a job on this machine, with workers of its own",
    load: () => import("./run.ts"),
  },
  {
    name: "status",
    summary: "say how a running job is doing",
    load: () => import("./status.ts"),
  },
  {
    name: "cancel",
    summary: "end a running job",
    load: () => import("./cancel.ts"),
  },
  {
    name: "worker",
    summary: "help with a running job, as one more worker",
    load: () => import("./worker.ts"),
  },
  {
    name: "sequential",
    summary: "run a job in this one process, to compare with",
    load: () => import("./sequential.ts"),
  },
  {
    name: "report",
    summary: "write a report or a chart of a job",
    load: () => import("./report.ts"),
  },
  {
    name: "init",
    summary: "make an app to start from, with its test",
    load: () => import("./init.ts"),
  },
  {
    name: "apps",
    summary: "list the apps that come with the package",
    load: () => import("./apps.ts"),
  },
  {
    name: "completion",
    summary: "print the completion for a shell",
    load: () => import("./completion.ts"),
  },
];
