/** Sources of apps that tests write into their job directories. */

/**
 * A word count that stops at gates: before its work, each map call creates the file `at-map-FILE-PID` and waits,
 * without using the processor, for the file `go-map-FILE`. Reduce calls use `at-reduce-PID` and `go-reduce`.
 */
export const GATED_WORD_COUNT = `
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

async function gate(name: string): Promise<void> {
  writeFileSync(\`at-\${name}-\${process.pid}\`, "");
  while (!existsSync(\`go-\${name}\`)) await setTimeout(10);
}

export async function map(file: string, text: string) {
  await gate(\`map-\${file}\`);
  return text.split(" ").map((key) => ({ key, value: "1" }));
}

export async function reduce(_key: string, values: string[]) {
  await gate("reduce");
  return String(values.length);
}
`;

/** The `map` and `reduce` of a word count, to be combined with the source that a test is about. */
export const MAP = `
export function map(_file: string, text: string) {
  return text.split(" ").map((key) => ({ key, value: "1" }));
}
`;
export const REDUCE = `
export function reduce(_key: string, values: string[]) {
  return String(values.length);
}
`;
