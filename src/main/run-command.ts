import { type Command, CommanderError } from "commander";
import { JobFailedError, MrError, UsageError } from "../mr/errors.ts";
import type { Action } from "./commands/catalog.ts";

/**
 * Parses the command line and runs what it asks for to its end. The exit code is what the action
 * results in. An operating error is one line on standard error and exit code 1, or 2 for wrong usage.
 * Anything else is a mistake in this program, and shows its stack.
 *
 * @param program with its commands, arguments and options, and actions made by {@link setAction}
 */
export function runProgram(program: Command): void {
  // Nobody may be left to read what is written: that must not end a job.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  // Until the action says otherwise: should it never end, nothing was achieved.
  process.exitCode = 1;
  for (const part of [program, ...program.commands]) {
    part.exitOverride().configureOutput({ outputError: () => undefined });
  }
  program.parseAsync().catch((error: unknown) => report(program, error));
}

/** The same for a program that is a single command. */
export function runCommand(program: Command, action: Action): void {
  setAction(program, action);
  runProgram(program);
}

/** Makes `action` what the command does. */
export function setAction(command: Command, action: Action): void {
  command.action(async (...args: unknown[]) => {
    process.exitCode = await action(...(args as never[]));
  });
}

function report(program: Command, error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) {
    process.exitCode = 0;
    return;
  }
  // Commander has printed the help: a command was wanted and none was given.
  if (error instanceof CommanderError && error.code === "commander.help") {
    process.exitCode = 2;
    return;
  }
  const isUsage = error instanceof UsageError || error instanceof CommanderError;
  process.exitCode = isUsage ? 2 : 1;
  process.stderr.write(`${program.name()}: ${describe(program, error)}\n`);
}

function describe(program: Command, error: unknown): string {
  if (error instanceof CommanderError) {
    // Commander puts its suggestion, if it has one, on a line of its own.
    const text = error.message
      .replace(/^error: /, "")
      .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?")
      .replaceAll("\n", " ");
    return `${text} (see ${helpOf(program)} --help)`;
  }
  if (error instanceof JobFailedError && error.appStack !== undefined) {
    return `${error.message}\n${error.appStack}`;
  }
  if (error instanceof MrError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The command whose help lists what the user may have meant: `tsmr`, or `tsmr run`. */
function helpOf(program: Command): string {
  const wanted = process.argv[2];
  const command = program.commands.find((part) => part.name() === wanted);
  return command === undefined ? program.name() : `${program.name()} ${command.name()}`;
}
