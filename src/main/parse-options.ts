import { InvalidArgumentError, Option } from "commander";
import { counted } from "../mr/base/counted.ts";
import { MIN_MEMORY_BYTES } from "../mr/job/limits.ts";

/**
 * A commander argument parser for whole numbers.
 *
 * @param min the least that makes sense
 * @param max the most
 */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/**
 * A commander argument parser for a time in seconds, fractions allowed.
 *
 * @param min the shortest that makes sense, in seconds
 * @param max the longest, in seconds
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

/** What `--lease` means, the same for every command that starts a job. */
export function leaseOption(): Option {
  return new Option(
    "--lease <seconds>",
    "give a task to another worker after this long without progress",
  )
    .argParser(secondsToMs(0.1, 86_400))
    .default(10_000, "10");
}

/** What `--task-timeout` means, the same for every command that starts a job. */
export function taskTimeoutOption(): Option {
  return new Option(
    "--task-timeout <seconds>",
    "fail an attempt that runs longer than this, progress or not (default: no limit)",
  ).argParser(secondsToMs(0.1, 31_536_000));
}

/** What `--socket` means, on both sides. */
export function socketOption(): Option {
  return new Option(
    "--socket <path>",
    "socket of the coordinator (default: found from the current directory)",
  ).argParser(filePath);
}

/** What `--memory` means, the same for every command that is a worker or starts some. */
export function memoryOption(): Option {
  return new Option(
    "--memory <size>",
    "what a worker process may take, but for what the app holds itself; at least 160MB (default: 512MB)",
  ).argParser(byteSize(MIN_MEMORY_BYTES));
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
