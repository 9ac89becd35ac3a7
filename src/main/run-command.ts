import { type Command, CommanderError } from "commander";
import { AppNotFoundError } from "../mr/app/load/find-app.ts";
import { currentDirectory } from "../mr/base/directories.ts";
import { exitCodeOf, isFinal } from "../mr/base/error-codes.ts";
import { JobFailedError, MrError } from "../mr/base/errors.ts";
import { ensureExit } from "../mr/base/exit.ts";
import { nearestWord } from "../mr/base/nearest-word.ts";
import { visibleLines } from "../mr/base/text.ts";
import { describeThrown, stackOf } from "../mr/base/thrown.ts";
import { appFrames } from "../mr/watch/history/app-frames.ts";
import { SHIPPED_APPS } from "./commands/apps.ts";
import { type Action, COMMANDS } from "./commands/catalog.ts";
import { exitCodeAfter, printResult, watchStandardOutput, whenWritten } from "./print-result.ts";

const ARGUMENTS = process.argv.slice(2);

/**
 * Parses the command line and runs its command to the end. The exit code is the result of the action. An
 * operating error is one line on standard error, and its code decides the exit code. Any other error is a
 * mistake in this program, and shows its stack.
 *
 * @param program with its commands, arguments and options, and actions made by {@link setAction}
 */
export function runProgram(program: Command): void {
  watchStandardOutput(program.name());
  // The reader of standard error may be gone, which must not end a job.
  process.stderr.on("error", () => undefined);
  // Until the action returns: if it never does, the command has failed.
  process.exitCode = 1;
  for (const part of [program, ...program.commands]) {
    part.exitOverride();
    part.configureOutput({ writeOut: printResult, outputError: () => undefined });
  }
  program
    .parseAsync()
    .catch((error: unknown) => report(program, error))
    .finally(() => {
      if (isEndedByAction) void exitWhenWritten();
    });
}

let isEndedByAction = false;

/**
 * Makes this process exit when the action of its command has ended, whatever an app that it has loaded leaves
 * open: a timer, a connection to a database.
 */
export function endWithAction(): void {
  ensureExit();
  isEndedByAction = true;
}

/** Exits with `process.exitCode` when all output has been passed to the operating system, or can't be. */
async function exitWhenWritten(): Promise<void> {
  await whenWritten();
  process.exit();
}

/** The same for a program that is a single command. */
export function runCommand(program: Command, action: Action): void {
  setAction(program, action);
  runProgram(program);
}

export function setAction(command: Command, action: Action): void {
  command.action(async (...args: unknown[]) => {
    const takesApp = command.registeredArguments[0]?.name() === "app";
    const what = takesApp ? ` with app "${args[0]}"` : "";
    const program = command.parent?.name() ?? command.name();
    const why = "it waits for a promise that nothing is left to settle";
    onNothingLeft = () => {
      process.stderr.write(visibleLines(`${program}: Cannot go on${what}: ${why}\n`));
    };
    // Only the first time: writing may make the event loop empty once more.
    process.once("beforeExit", onNothingLeft);
    try {
      currentDirectory();
      process.exitCode = exitCodeAfter(await action(...(args as never[])));
    } finally {
      stopWatchingForNothingLeft();
    }
  });
}

/** Reports that nothing is left that could settle the promise a command waits for: Node would end it silently. */
let onNothingLeft: () => void = () => undefined;

/** Called when the command has ended, or reports such a wait itself. */
export function stopWatchingForNothingLeft(): void {
  process.off("beforeExit", onNothingLeft);
}

function report(program: Command, error: unknown): void {
  const isUsage = error instanceof CommanderError;
  if (isUsage && (error.exitCode === 0 || error.code === "commander.help")) {
    // Commander has printed the help, which is wrong usage if a command was wanted and none was given.
    process.exitCode = error.exitCode === 0 ? exitCodeAfter(0) : 2;
    return;
  }
  process.exitCode = isUsage ? 2 : exitCodeFor(error);
  process.stderr.write(visibleLines(`${program.name()}: ${describe(program, error)}\n`));
}

/** An input that vanishes during the job is no wrong command line, unlike one that no job can read. */
function exitCodeFor(error: unknown): number {
  if (!(error instanceof MrError)) return 1;
  return error instanceof JobFailedError && !isFinal(error.code) ? 1 : exitCodeOf(error.code);
}

function describe(program: Command, error: unknown): string {
  if (error instanceof CommanderError) {
    // Commander puts its suggestion, if it has one, on a line of its own.
    const text = error.message
      .replace(/^error: /, "")
      .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?")
      .replaceAll("\n", " ");
    const what = valueTooMuch(program, error) ?? `${text}${misplaced(program, error)}`;
    return `${what} (see ${helpOf(program)} --help)`;
  }
  if (error instanceof JobFailedError && error.appStack !== undefined) {
    const isVerbose = program.commands.some((part) => part.opts()["verbose"] === true);
    return `${error.message}\n${isVerbose ? error.appStack : appFrames(error.appStack)}`;
  }
  if (error instanceof AppNotFoundError) return error.message + otherApps(program, error.spec);
  if (error instanceof MrError) return error.message;
  return stackOf(error) ?? describeThrown(error);
}

/** The name of the command in the command line, wherever it stands. */
export function wantedCommand(): string | undefined {
  const [first] = ARGUMENTS;
  if (first === "help") return ARGUMENTS[1];
  if (first === undefined || !first.startsWith("-")) return first;
  return ARGUMENTS.find((word) => COMMANDS.some(({ name }) => name === word));
}

/** A hint about existing apps, when one was not found. */
function otherApps(program: Command, spec: string): string {
  if (/[/\\]/.test(spec)) return "";
  const names = SHIPPED_APPS.map(({ name }) => name);
  const near = nearestWord(spec.replace(/\.[jt]s$/, ""), names);
  const guess = near === undefined ? "" : `; did you mean ${near}?`;
  return program.name() === "tsmr" ? `${guess} (see tsmr apps)` : guess;
}

/** The message for an option with a value that takes none, which the parser calls unknown. */
function valueTooMuch(program: Command, error: CommanderError): string | undefined {
  if (error.code !== "commander.unknownOption") return undefined;
  const command = wantedPart(program) ?? program;
  const flags = command.options.filter((option) => option.isBoolean()).map(({ long }) => long);
  const given = ARGUMENTS.filter((word) => word.includes("=")).map((word) => word.split("=", 1)[0]);
  const flag = given.find((name) => flags.includes(name));
  return flag === undefined ? undefined : `option '${flag}' takes no value`;
}

/** A hint about an option that stands before the command. */
function misplaced(program: Command, error: CommanderError): string {
  const [flag = ""] = ARGUMENTS[0]?.split("=") ?? [];
  if (error.code !== "commander.unknownOption" || !flag.startsWith("-")) return "";
  const command = wantedPart(program);
  if (command === undefined) return "";
  const name = `${program.name()} ${command.name()}`;
  const flags = command.options.flatMap(({ long, short }) => [long ?? [], short ?? []].flat());
  const where = `; the options of ${command.name()} come after it`;
  if (flags.includes(flag)) return `${where}: ${name} ${flag}`;
  const near = nearestWord(flag, flags);
  return near === undefined ? where : `${where}; did you mean ${near}?`;
}

/** The command whose help the user needs: `tsmr`, or `tsmr run`. */
function helpOf(program: Command): string {
  const command = wantedPart(program);
  return command === undefined ? program.name() : `${program.name()} ${command.name()}`;
}

function wantedPart(program: Command): Command | undefined {
  const wanted = wantedCommand();
  return program.commands.find((part) => part.name() === wanted);
}
