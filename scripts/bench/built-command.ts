import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastGlob from "fast-glob";

/** The built command; `npm run build` makes it. */
export const TSMR_PROGRAM = fileURLToPath(new URL("../../dist/main/tsmr.js", import.meta.url));
/** The sources it is built from. */
export const TSMR_SOURCES = fileURLToPath(new URL("../../src", import.meta.url));

/**
 * Why a build must not be timed: its sources have changed since.
 *
 * @param program the built command
 * @param sources the folder that it was built from, if that is known: none of its files may be newer
 * @returns one line with what to do about it, or undefined if nothing is wrong
 */
export function problemOfBuild(program: string, sources: string | undefined): string | undefined {
  const refuse = (why: string) => {
    return `Cannot time the built command "${program}", which ${why}: run \`npm run build\` first`;
  };
  const built = statSync(program, { throwIfNoEntry: false });
  if (built === undefined) return refuse("does not exist");
  const files = sources === undefined ? [] : fastGlob.sync("**", { cwd: sources, stats: true });
  for (const { path, stats } of files) {
    if ((stats?.mtimeMs ?? 0) <= built.mtimeMs) continue;
    return refuse(`is older than "${join(sources ?? "", path)}"`);
  }
  return undefined;
}
