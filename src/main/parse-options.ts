import { InvalidArgumentError, Option } from "commander";
import { counted } from "../mr/base/counted.ts";
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_LEASE_MS,
  DEFAULT_REDUCES,
  MAX_TASK_TIMEOUT_SECONDS,
  RANGES,
  type Range,
} from "../mr/job/limits.ts";

/** A commander argument parser for whole numbers. */
export function wholeNumber({ min, max }: Omit<Range, "isWhole">): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/**
 * A commander argument parser for a time in seconds, fractions allowed.
 *
 * @param min in seconds
 * @param max in seconds
 * @returns a parser that yields milliseconds
 */
export function secondsToMs(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value >= min && value <= max) return value * 1000;
    throw new InvalidArgumentError(`It must be a number of seconds from ${min} to ${max}.`);
  };
}

/** A commander argument parser for paths: an empty one would be the current directory. */
export function filePath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must be a path.");
}

/** A commander argument parser for the file or the name of an app. */
export function appSpec(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must be the file or the name of an app.");
}

/** `--reduces`, for every command that starts a job. */
export function reducesOption(): Option {
  return new Option(
    "-r, --reduces <n>",
    `number of reduce tasks and output files (default: ${DEFAULT_REDUCES})`,
  ).argParser(wholeNumber(RANGES.reduces));
}

/** `--attempts`, for every command that starts a job. */
export function attemptsOption(): Option {
  return new Option("--attempts <n>", "fail the job when a task has failed so often")
    .argParser(wholeNumber(RANGES.attempts))
    .default(DEFAULT_ATTEMPTS);
}

/** `--lease`, for every command that starts a job. */
export function leaseOption(): Option {
  const { min, max } = RANGES.leaseMs;
  return new Option(
    "--lease <seconds>",
    "give a task to another worker after this long without progress",
  )
    .argParser(secondsToMs(min / 1000, max / 1000))
    .default(DEFAULT_LEASE_MS, String(DEFAULT_LEASE_MS / 1000));
}

/** `--task-timeout`, for every command that starts a job. */
export function taskTimeoutOption(): Option {
  return new Option(
    "--task-timeout <seconds>",
    "fail an attempt that runs longer than this, progress or not (default: no limit)",
  ).argParser(secondsToMs(RANGES.taskTimeoutMs.min / 1000, MAX_TASK_TIMEOUT_SECONDS));
}

/** `--socket`, on both sides. */
export function socketOption(): Option {
  return new Option(
    "--socket <path>",
    "socket of the coordinator (default: found from the current directory)",
  ).argParser(filePath);
}

/** `--memory`, for every command that is a worker or starts some. */
export function memoryOption(): Option {
  return new Option(
    "--memory <size>",
    "what a worker process may take, but for what the app holds itself; at least 160MB (default: 512MB)",
  ).argParser(byteSize(RANGES.memoryBytes.min));
}

const UNIT_MB = 2 ** 20;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/**
 * A commander argument parser for a size such as `512MB`, `64M`, `1.5g` or `4096`. Units are powers of
 * 1024.
 *
 * @param min the least that makes sense, in bytes
 * @returns a parser that yields bytes
 */
export function byteSize(min: number): (text: string) => number {
  return (text) => {
    const [, number, unit = ""] = /^([0-9]+(?:\.[0-9]+)?) ?([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
    const bytes = Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
    if (bytes >= min && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
    throw new InvalidArgumentError(`It must be a size such as 512MB, at least ${sizeText(min)}.`);
  };
}

function sizeText(bytes: number): string {
  if (bytes % UNIT_MB === 0) return `${bytes / UNIT_MB}MB`;
  return counted(bytes, "byte");
}
