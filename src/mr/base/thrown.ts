import { visibleLines } from "./text.ts";

/*
 * An app may throw anything: a value that is no error, an error with members of other types or that throw
 * when they are read, a message of any length. Describing it never fails.
 */

/** The longest message for people, in characters. */
const MAX_MESSAGE = 1000;
/** The longest part of a key that is shown, in characters. */
const MAX_KEY = 300;
/** Room for the frames of a deep recursion. */
const MAX_STACK = 8000;

/** A thrown value in one line of bounded length: `TypeError: x is not a function`. */
export function describeThrown(thrown: unknown): string {
  const message = isError(thrown) ? textOf(() => thrown.message) : undefined;
  if (!isError(thrown) || message === undefined) return shortLine(asText(thrown));
  return shortLine(`${textOf(() => thrown.name) ?? "Error"}: ${message}`);
}

/** The same without the name of an error. */
export function messageOf(thrown: unknown): string {
  return shortLine((isError(thrown) ? textOf(() => thrown.message) : undefined) ?? asText(thrown));
}

/**
 * The stack of an error, of bounded length: a long message in it is cut, and its frames are kept.
 *
 * @returns undefined for a value that is no error, and for a stack that is no text
 */
export function stackOf(thrown: unknown): string | undefined {
  if (!isError(thrown)) return undefined;
  const stack = textOf(() => thrown.stack);
  const message = textOf(() => thrown.message);
  if (stack === undefined || message === undefined) return stack && shorten(stack, MAX_STACK);
  const short = shorten(message, MAX_MESSAGE);
  return shorten(short === message ? stack : stack.replace(message, () => short), MAX_STACK);
}

/**
 * Cuts text for people, and adds its length. A character that is shown as an escape counts as the characters of
 * the escape.
 */
export function shorten(text: string, max: number): string {
  const start = text.slice(0, max);
  if (text.length <= max && visibleLines(start).length <= max) return text;
  let kept = "";
  let room = max;
  for (const symbol of start) {
    room -= visibleLines(symbol).length;
    if (room < 0) break;
    kept += symbol;
  }
  return `${kept}… (${text.length.toLocaleString("en-US")} characters)`;
}

/** A key as JSON; of a long one, the start. */
export function quoteKey(key: string): string {
  const start = key.slice(0, MAX_KEY);
  if (start.length === key.length) return JSON.stringify(key);
  return `${JSON.stringify(start)}… (${key.length.toLocaleString("en-US")} characters)`;
}

function shortLine(text: string): string {
  return shorten(text.split("\n", 1)[0] ?? "", MAX_MESSAGE);
}

function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    // A proxy may refuse even that.
    return false;
  }
}

/** The result of `read`, if it is a string. */
function textOf(read: () => unknown): string | undefined {
  try {
    const value = read();
    return typeof value === "string" ? value : undefined;
  } catch {
    // A getter threw.
    return undefined;
  }
}

function asText(value: unknown): string {
  // It may have no `toString`, or one that throws.
  return textOf(() => String(value)) ?? `${typeof value} that cannot be made into text`;
}
