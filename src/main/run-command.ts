import { type Command, CommanderError } from "commander";
import { JobFailedError, MrError, UsageError } from "../mr/errors.ts";

/**
 * Parses the command line and runs the command to its end. The action's result is the exit code. An
 * operating error is one line on standard error and exit code 1, or 2 for wrong usage. Anything else
 * is a mistake in this program, and shows its stack.
 *
 * @param command with its arguments and options, but without an action
 * @param action gets the command's arguments, then its options
 * @param program the command that `command` is a part of, if it is
 */
export function runCommand<Args extends unknown[]>(
  command: Command,
  action: (...args: Args) => Promise<number>,
  program: Command = command,
): void {
  // Nobody may be left to read what is written: that must not end a job.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  // Until the action says otherwise: should it never end, nothing was achieved.
  process.exitCode = 1;
  command.action(async (...args: unknown[]) => {
    process.exitCode = await action(...(args as Args));
  });
  for (const part of [command, program]) {
    part.exitOverride().configureOutput({ outputError: () => undefined });
  }
  program.parseAsync().catch((error: unknown) => report(program.name(), error));
}

function report(name: string, error: unknown): void {
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
  process.stderr.write(`${name}: ${describe(name, error)}\n`);
}

function describe(name: string, error: unknown): string {
  if (error instanceof CommanderError) {
    // Commander puts its suggestion, if it has one, on a line of its own.
    const text = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    return `${text} (see ${name} --help)`;
  }
  if (error instanceof JobFailedError && error.appStack !== undefined) {
    return `${error.message}\n${error.appStack}`;
  }
  if (error instanceof MrError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
