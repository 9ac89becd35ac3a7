import { accessSync, constants, readdirSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeCause, MrError, UsageError } from "../../base/errors.ts";

/** Names for what a process has open, which are other files in another process. */
const OPEN_FILE = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|thread-self|\d+)\/fd\/\d+)$/;

/**
 * Turns the inputs of a command line into the list of files of a job, which numbers the map tasks.
 *
 * An argument that names an existing path is taken as that path, even if it looks like a pattern;
 * anything else with wildcards is a fast-glob pattern (quoted patterns and `**` work). A directory
 * stands for the files directly in it, hidden ones left out. Arguments keep their order; the files
 * of one pattern or directory are in the order of their names' bytes. A file named twice is read twice.
 *
 * @param args paths and patterns, relative to `cwd`
 * @param cwd absolute path
 * @returns paths as the user would write them: relative where the argument was relative
 * @throws UsageError when `args` is empty
 * @throws MrError when a path is missing or not readable, or a pattern or directory has no files
 */
export async function resolveInputs(args: readonly string[], cwd: string): Promise<string[]> {
  if (args.length === 0) throw new UsageError("No input files");
  const inputs: string[] = [];
  for (const arg of args) inputs.push(...(await expand(arg, cwd)));
  for (const input of inputs) checkReadable(input, cwd);
  return inputs;
}

async function expand(arg: string, cwd: string): Promise<string[]> {
  // Resolved, it would be the current directory.
  if (arg === "")
    throw new MrError("INPUT_NOT_FOUND", 'Cannot read input "": no file has an empty name');
  const stats = statOf(resolve(cwd, arg));
  if (stats === undefined) return await match(arg, cwd);
  if (stats.isDirectory()) {
    const files = filesOf(arg, cwd);
    if (files.length === 0) {
      const inside = join(arg, "**");
      throw new MrError(
        "INPUT_NOT_FOUND",
        `Input directory "${arg}" has no files directly in it; "${inside}" means all below it`,
      );
    }
    return files;
  }
  return [arg];
}

/** Why there is none, `checkReadable` says. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

async function match(pattern: string, cwd: string): Promise<string[]> {
  // Loaded only when it is needed: most shells have expanded the patterns before.
  const { default: fastGlob } = await import("fast-glob");
  if (!fastGlob.isDynamicPattern(pattern)) return [pattern];
  const entries = await fastGlob.glob(pattern, { cwd, onlyFiles: false, objectMode: true });
  // What is still a link has not led anywhere: it is to be refused, not left out.
  const files = entries.filter(({ dirent }) => dirent.isFile() || dirent.isSymbolicLink());
  if (files.length === 0) throw new MrError("INPUT_NOT_FOUND", `No file matches "${pattern}"`);
  return files.map(({ path }) => path).sort(byBytes);
}

function filesOf(directory: string, cwd: string): string[] {
  let names: string[];
  try {
    names = readdirSync(resolve(cwd, directory));
  } catch (error) {
    throw new MrError(
      "INPUT_UNREADABLE",
      `Cannot list input directory "${directory}": ${describeCause(error)}`,
    );
  }
  return names
    .filter((name) => !name.startsWith("."))
    .sort(byBytes)
    .map((name) => join(directory, name))
    .filter((path) => statOf(resolve(cwd, path))?.isDirectory() !== true);
}

function checkReadable(input: string, cwd: string): void {
  try {
    const path = resolve(cwd, input);
    accessSync(path, constants.R_OK);
    // A task may be read more than once, and its size is its end: a pipe or device has neither.
    if (!statSync(path).isFile()) throw new Error("it is not a regular file");
    if (OPEN_FILE.test(path)) throw new Error("workers can open it only by its own name");
  } catch (error) {
    const isMangled = input.includes("\ufffd") && statOf(resolve(cwd, input)) === undefined;
    const why = isMangled ? "its name is not UTF-8" : describeCause(error);
    throw new MrError("INPUT_UNREADABLE", `Cannot read input "${input}": ${why}`);
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
