import { accessSync, type BigIntStats, constants, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeCause, inputError, MrError } from "../../base/errors.ts";
import type { InputFile } from "../../job/job-spec.ts";
import type { FileStat } from "../storage.ts";

/** Names of open descriptors, which are other files in another process. */
const OPEN_FILE = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|thread-self|\d+)\/fd\/\d+)$/;

/** An input that was found, with its metadata if it was looked at. */
interface Candidate {
  readonly url: string;
  readonly stats: BigIntStats | undefined;
}

/** See {@link Storage.find}. Patterns are those of fast-glob: quoted patterns and `**` work. */
export async function findInputs(argument: string, cwd: string): Promise<InputFile[]> {
  const candidates = await expand(argument, cwd);
  return candidates.map((candidate) => checkReadable(candidate, cwd));
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
    return { url, ...fileStat(found) };
  } catch (error) {
    throw inputError(url, error);
  }
}

/** What a storage says of a file, of what the file system says. */
export function fileStat({ size, mtimeNs }: BigIntStats): FileStat {
  // By the time alone: a file that was restored with its time is still the same.
  return { size: Number(size), version: String(mtimeNs) };
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
