import { InvalidArgumentError } from "commander";

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
