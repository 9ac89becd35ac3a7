import { accessSync, type BigIntStats, constants, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeCause, inputError, MrError } from "../../base/errors.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { byBytes, type FileStat } from "../storage.ts";

/** Names of descriptors, which are other files in another process. */
const OPEN_FILE = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|thread-self|\d+)\/fd\/\d+)$/;

/** See {@link Storage.find}. Patterns are those of fast-glob: quoted patterns and `**` work. */
export async function findInputs(argument: string, cwd: string): Promise<InputFile[]> {
  // It would resolve to the current directory.
  if (argument === "")
    throw new MrError("INPUT_NOT_FOUND", 'Cannot read input "": no file has an empty name');
  const stats = statOf(argument, cwd);
  if (stats === undefined) return (await match(argument, cwd)).map((url) => inputOf(url, cwd));
  if (!stats.isDirectory()) return [inputOf(argument, cwd, stats)];
  const files = filesOf(argument, cwd);
  if (files.length > 0) return files;
  const inside = join(argument, "**");
  throw new MrError(
    "INPUT_NOT_FOUND",
    `Input directory "${argument}" has no files directly in it; "${inside}" means all below it`,
  );
}

/** Undefined if it cannot be looked at: `inputOf` reports the reason. */
function statOf(url: string, cwd: string): BigIntStats | undefined {
  try {
    return statSync(resolve(cwd, url), { bigint: true });
  } catch {
    return undefined;
  }
}

async function match(pattern: string, cwd: string): Promise<string[]> {
  // Loaded only when needed: most shells have expanded the patterns before.
  const { default: fastGlob } = await import("fast-glob");
  if (!fastGlob.isDynamicPattern(pattern)) return [pattern];
  const entries = await fastGlob.glob(pattern, { cwd, onlyFiles: false, objectMode: true });
  // A link in the result has no target. It is refused, not left out.
  const files = entries.filter(({ dirent }) => dirent.isFile() || dirent.isSymbolicLink());
  if (files.length === 0) throw new MrError("INPUT_NOT_FOUND", `No file matches "${pattern}"`);
  return files.map(({ path }) => path).sort(byBytes);
}

function filesOf(directory: string, cwd: string): InputFile[] {
  let names: string[];
  try {
    names = readdirSync(resolve(cwd, directory)).sort(byBytes);
  } catch (error) {
    throw new MrError(
      "INPUT_UNREADABLE",
      `Cannot list input directory "${directory}": ${describeCause(error)}`,
    );
  }
  const visible = names.filter((name) => !name.startsWith("."));
  return visible.flatMap((name) => {
    const url = join(directory, name);
    const stats = statOf(url, cwd);
    return stats?.isDirectory() === true ? [] : inputOf(url, cwd, stats);
  });
}

function inputOf(url: string, cwd: string, stats = statOf(url, cwd)): InputFile {
  const path = resolve(cwd, url);
  try {
    if (stats === undefined && url.includes("\ufffd")) throw new Error("its name is not UTF-8");
    accessSync(path, constants.R_OK);
    const found = stats ?? statSync(path, { bigint: true });
    // A split has an end and may be read more than once, which is impossible with a pipe or a device.
    if (!found.isFile()) throw new Error("it is not a regular file");
    if (OPEN_FILE.test(path)) throw new Error("workers can open it only by its own name");
    return { url, ...fileStat(found) };
  } catch (error) {
    throw inputError(url, error);
  }
}

/** The same as {@link Storage.stat}, from the metadata of the file system. */
export function fileStat({ size, mtimeNs }: BigIntStats): FileStat {
  // Only the time counts, so that a file that was restored with its time is still the same.
  return { size: Number(size), version: String(mtimeNs) };
}
