import { expect } from "vitest";
import type { Ended } from "./processes.ts";

/** Expects that a command printed one line, an error that begins with its name and has all of `words`. */
export function expectOneLine(
  { stderr, stdout }: Ended,
  command: string,
  words: ReadonlyArray<string | RegExp>,
): void {
  expect(stderr).toMatch(new RegExp(`^${command}: [^\n]+\n$`));
  for (const word of words) expect(stderr).toMatch(word);
  expect(stdout).toBe("");
}
