import { statSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { fileInWay } from "../mr/base/directories.ts";
import { errorCode } from "../mr/base/errors.ts";
import { plural } from "../mr/base/text.ts";
import { parseMaxBadRecords } from "../mr/job/bad-records.ts";
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_LEASE_MS,
  DEFAULT_MAX_BAD_RECORDS,
  DEFAULT_MEMORY_BYTES,
  DEFAULT_RECONNECT_MS,
  DEFAULT_REDUCES,
  MAX_DEFAULT_SPLIT_BYTES,
  MAX_RECONNECT_SECONDS,
  MAX_TASK_TIMEOUT_SECONDS,
  MAX_TOP,
  MIN_DEFAULT_SPLIT_BYTES,
  RANGES,
  type Range,
} from "../mr/job/limits.ts";

/** A parser of an option's value; it throws InvalidArgumentError. */
type Parser = (text: string) => unknown;

/** An option. `shown` is the default value as help shows it. */
type OptionRow = readonly [
  flags: string,
  description: string,
  parse?: Parser,
  value?: unknown,
  shown?: string,
];

/** The value of `--ui`: true for the default address. */
export type UiOption = true | { readonly host?: string; readonly port: number };

const { leaseMs, taskTimeoutMs, memoryBytes, splitBytes } = RANGES;
const [MAX_SPLIT, MIN_SPLIT] = [MAX_DEFAULT_SPLIT_BYTES, MIN_DEFAULT_SPLIT_BYTES].map(mebibytes);
const DEFAULT_SPLIT = `(default: ${MAX_SPLIT}; in jobs below 4GiB down to ${MIN_SPLIT})`;

const OPTIONS = {
  workers: [
    "-w, --workers <n>",
    "how many workers there may be (default: one per processor)",
    wholeNumber(RANGES.workers),
  ],
  reduces: [
    "-r, --reduces <n>",
    `number of reduce tasks and output files (default: ${DEFAULT_REDUCES})`,
    wholeNumber(RANGES.reduces),
  ],
  out: ["-o, --out <dir>", "directory for the output files", filePath, "mr-out"],
  merge: ["--merge", "merge the output files into one, mr-out, in the order of its lines' bytes"],
  top: [
    "--top <n>",
    "print the keys with the largest numbers as values",
    wholeNumber({ min: 1, max: MAX_TOP }),
  ],
  json: ["--json", "print what the job has done as JSON, see below"],
  report: ["--report", "write a report of the job to report.html in DIR"],
  ui: [
    "--ui [port]",
    "serve a page on which to watch the job (default port: 8377; HOST:PORT to let other machines see it)",
    parseAddress,
  ],
  lease: [
    "--lease <seconds>",
    "give a task to another worker after this long without progress",
    secondsToMs(leaseMs.min / 1000, leaseMs.max / 1000),
    DEFAULT_LEASE_MS,
    String(DEFAULT_LEASE_MS / 1000),
  ],
  taskTimeout: [
    "--task-timeout <seconds>",
    "fail an attempt that runs longer than this, progress or not (default: no limit)",
    secondsToMs(taskTimeoutMs.min / 1000, MAX_TASK_TIMEOUT_SECONDS),
  ],
  attempts: [
    "--attempts <n>",
    "fail the job when a task has failed so often",
    wholeNumber(RANGES.attempts),
    DEFAULT_ATTEMPTS,
  ],
  memory: [
    "--memory <size>",
    `what a worker process may take, but for what the app holds itself; at least ${mebibytes(memoryBytes.min)}`,
    byteSize(memoryBytes.min),
    DEFAULT_MEMORY_BYTES,
    mebibytes(DEFAULT_MEMORY_BYTES),
  ],
  split: [
    "--split <size>",
    `size of a map task's part of a file ${DEFAULT_SPLIT}`,
    byteSize(splitBytes.min),
  ],
  recordSplit: [
    "--split <size>",
    `size of a map task's part of a file, for apps that read records ${DEFAULT_SPLIT}`,
    byteSize(splitBytes.min),
  ],
  skipBadRecords: [
    "--skip-bad-records",
    "leave out and count records that are malformed or make the app throw",
  ],
  maxBadRecords: [
    "--max-bad-records <n|p%>",
    `fail the job if more records are bad: skipped, or of no use to the app (default: ${DEFAULT_MAX_BAD_RECORDS})`,
    badRecords,
  ],
  noBackups: ["--no-backups", "never run a second attempt of a task while the first is alive"],
  noCheck: ["--no-check", "run the app without checking its types"],
  resume: ["--resume", "go on with the same job, which was interrupted or failed"],
  resumeHere: ["--resume", "go on with the job in this directory, whose coordinator has died"],
  keep: ["--keep", "keep the files between map and reduce"],
  quiet: ["-q, --quiet", "report errors only"],
  verbose: ["-v, --verbose", "report everything that happens, and whole stacks"],
  socket: [
    "--socket <path>",
    "socket of the coordinator (default: found from the current directory)",
    socketPath,
  ],
  wait: [
    "--wait <seconds>",
    "when the coordinator is killed, wait so long for it to be resumed",
    secondsToMs(0, MAX_RECONNECT_SECONDS),
    DEFAULT_RECONNECT_MS,
    String(DEFAULT_RECONNECT_MS / 1000),
  ],
  /** Names the same directory as the argument of the command. */
  sameDir: ["-d, --dir <dir>", "the same, as tsmr worker takes it", filePath],
} as const satisfies Readonly<Record<string, OptionRow>>;

/** The options whose names in the library include the unit of their numbers. */
const LIBRARY_NAMES: Readonly<Record<string, string>> = {
  lease: "leaseMs",
  taskTimeout: "taskTimeoutMs",
  memory: "memoryBytes",
  split: "splitBytes",
  socket: "socketPath",
  wait: "reconnectMs",
};

/** An option whose value has its name in the library. */
class LibraryOption extends Option {
  override attributeName(): string {
    const name = super.attributeName();
    return LIBRARY_NAMES[name] ?? name;
  }
}

export function addOptions(
  command: Command,
  ...names: ReadonlyArray<keyof typeof OPTIONS>
): Command {
  for (const name of names) {
    const [flags, description, parse, value, shown]: OptionRow = OPTIONS[name];
    const option = new LibraryOption(flags, description).default(value, shown);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(name === "quiet" ? option.conflicts("verbose") : option);
  }
  return command;
}

export function addApp(command: Command, example = "wc"): Command {
  const description = `file of the app, or the name of a shipped one such as ${example}`;
  return command.argument("<app>", description, (text: string) => {
    if (text !== "") return text;
    throw new InvalidArgumentError("It must be the file or the name of an app.");
  });
}

export function wholeNumber({ min, max }: Omit<Range, "isWhole">): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** `5`, or `5%`. */
function badRecords(text: string): unknown {
  const value = /^[0-9]+$/.test(text) ? Number(text) : text;
  const limit = parseMaxBadRecords(value);
  if (limit !== undefined) return limit;
  throw new InvalidArgumentError("It must be a whole number, or a percentage from 0% to 100%.");
}

/** A parser of a time in seconds, fractions allowed, that returns milliseconds. */
function secondsToMs(min: number, max: number): Parser {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value >= min && value <= max) return value * 1000;
    throw new InvalidArgumentError(`It must be a number of seconds from ${min} to ${max}.`);
  };
}

/** A parser of paths: an empty one would be the current directory. */
export function filePath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must be a path.");
}

/** A parser of paths of sockets. */
function socketPath(text: string): string {
  const file = fileInWay(filePath(text));
  if (file === undefined) return text;
  throw new InvalidArgumentError(`"${file}" is not a directory.`);
}

/**
 * Whether an argument names a socket rather than a file: it is one, or there is nothing of that name, and it is like
 * the name of a socket. A misspelt input or app must not be taken for one.
 */
export function isSocketName(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") return false;
  }
  return /^(5840|824)-mr-|^[\w-]*sock(et)?[\w-]*$|\.sock(et)?$/i.test(basename(path));
}

/**
 * A parser of sizes such as `512MiB`, `64M`, `1.5g` or `4096`, that returns bytes. All units are powers of
 * 1024, also those without an i.
 *
 * @param min in bytes
 */
function byteSize(min: number): Parser {
  return (text) => {
    const [, number, unit = ""] = /^([0-9]+(?:\.[0-9]+)?) ?([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
    const bytes = Math.floor(
      Number(number) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase()),
    );
    if (bytes >= min && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
    const shown = min % 2 ** 20 === 0 ? mebibytes(min) : plural(min, "byte");
    throw new InvalidArgumentError(`It must be a size such as 512MiB, at least ${shown}.`);
  };
}

function mebibytes(bytes: number): string {
  return `${bytes / 2 ** 20}MiB`;
}

/** `9000`, `0.0.0.0:9000` or `[::]:9000`. */
function parseAddress(text: string): UiOption {
  const [, bracketed, plain, port = ""] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]+)):)?([0-9]+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (port === "" || Number(port) > 65_535) {
    throw new InvalidArgumentError("It must be a port from 0 to 65535, or HOST:PORT.");
  }
  return { port: Number(port), ...(host === undefined ? {} : { host }) };
}
