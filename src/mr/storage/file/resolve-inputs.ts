import { accessSync, type BigIntStats, constants, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeCause, inputError, MrError, UsageError } from "../../base/errors.ts";
import type { InputFile } from "../../job/job-spec.ts";

/** Names of open descriptors, which are other files in another process. */
const OPEN_FILE = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|thread-self|\d+)\/fd\/\d+)$/;

/** An input that was found, with its metadata if it was looked at. */
interface Candidate {
  readonly url: string;
  readonly stats: BigIntStats | undefined;
}

/**
 * Turns the inputs of a command line into the list of files of a job, which numbers the map tasks. Looks at
 * each file once.
 *
 * An argument that names an existing path is taken as that path, even if it looks like a pattern;
 * anything else with wildcards is a fast-glob pattern (quoted patterns and `**` work). A directory
 * stands for the files directly in it, without hidden ones. Arguments keep their order; the files of one
 * pattern or directory are in the order of their names' bytes. A file named twice is read twice.
 *
 * @param args paths and patterns, relative to `cwd`
 * @returns files with URLs as the user would write them: relative where the argument was relative
 * @throws UsageError when `args` is empty
 * @throws MrError when a path is missing or not readable, or a pattern or directory has no files
 */
export async function resolveInputs(args: readonly string[], cwd: string): Promise<InputFile[]> {
  if (args.length === 0) throw new UsageError("No input files");
  const candidates: Candidate[] = [];
  for (const arg of args) candidates.push(...(await expand(arg, cwd)));
  return candidates.map((candidate) => checkReadable(candidate, cwd));
}

/** @throws MrError when the file is missing or out of reach */
export function statInput(url: string, cwd: string): InputFile {
  try {
    return inputFile(url, statSync(resolve(cwd, url), { bigint: true }));
  } catch (error) {
    throw inputError(url, error);
  }
}

function inputFile(url: string, stats: BigIntStats): InputFile {
  // By the time alone: an input that was restored with its time is still the same.
  return { url, size: Number(stats.size), version: String(stats.mtimeNs) };
}

async function expand(arg: string, cwd: string): Promise<Candidate[]> {
  // It would resolve to the current directory.
  if (arg === "")
    throw new MrError("INPUT_NOT_FOUND", 'Cannot read input "": no file has an empty name');
  const stats = statOf(resolve(cwd, arg));
  if (stats === undefined) return await match(arg, cwd);
  if (!stats.isDirectory()) return [{ url: arg, stats }];
  const files = filesOf(arg, cwd);
  if (files.length > 0) return files;
  const inside = join(arg, "**");
  throw new MrError(
    "INPUT_NOT_FOUND",
    `Input directory "${arg}" has no files directly in it; "${inside}" means all below it`,
  );
}

/** Undefined if it cannot be looked at: `checkReadable` reports the reason. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

async function match(pattern: string, cwd: string): Promise<Candidate[]> {
  // Loaded only when needed: most shells have expanded the patterns before.
  const { default: fastGlob } = await import("fast-glob");
  if (!fastGlob.isDynamicPattern(pattern)) return [{ url: pattern, stats: undefined }];
  const entries = await fastGlob.glob(pattern, { cwd, onlyFiles: false, objectMode: true });
  // A link that still is one leads nowhere: it is refused, not left out.
  const files = entries.filter(({ dirent }) => dirent.isFile() || dirent.isSymbolicLink());
  if (files.length === 0) throw new MrError("INPUT_NOT_FOUND", `No file matches "${pattern}"`);
  const urls = files.map(({ path }) => path).sort(byBytes);
  return urls.map((url) => ({ url, stats: statOf(resolve(cwd, url)) }));
}

function filesOf(directory: string, cwd: string): Candidate[] {
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
    .map((url) => ({ url, stats: statOf(resolve(cwd, url)) }))
    .filter(({ stats }) => stats?.isDirectory() !== true);
}

function checkReadable({ url, stats }: Candidate, cwd: string): InputFile {
  const path = resolve(cwd, url);
  try {
    if (stats === undefined && url.includes("\ufffd")) throw new Error("its name is not UTF-8");
    accessSync(path, constants.R_OK);
    const found = stats ?? statSync(path, { bigint: true });
    // A task may be read more than once, and its size is its end: a pipe or device has neither.
    if (!found.isFile()) throw new Error("it is not a regular file");
    if (OPEN_FILE.test(path)) throw new Error("workers can open it only by its own name");
    return inputFile(url, found);
  } catch (error) {
    throw inputError(url, error);
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
