import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { describeCause, inputError, MrError } from "../../base/errors.ts";
import { openForReading } from "../../base/open-file.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { byBytes } from "../storage.ts";
import { fileStat } from "./file-stat.ts";
import { matchPattern, onceEach } from "./match-pattern.ts";

/** Names of descriptors, which are other files in another process. */
const OPEN_FILE = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|thread-self|\d+)\/fd\/\d+)$/;

/** See {@link Storage.find}. Patterns are those of fast-glob: quoted patterns and `**` work. */
export async function findInputs(argument: string, cwd: string): Promise<InputFile[]> {
  // It would resolve to the current directory.
  if (argument === "")
    throw new MrError("INPUT_NOT_FOUND", 'Cannot read input "": no file has an empty name');
  const stats = statOf(argument, cwd);
  if (stats === undefined)
    return (await matchPattern(argument, cwd)).map((url) => inputOf(url, cwd));
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
  const files = visible.flatMap((name) => {
    const url = join(directory, name);
    const stats = statOf(url, cwd);
    return stats?.isDirectory() === true ? [] : inputOf(url, cwd, stats);
  });
  return withoutLinksToOthers(files, resolve(cwd, directory), cwd);
}

/** Leaves out links to files of the same directory, and all but the first link to any other file. */
function withoutLinksToOthers(
  files: readonly InputFile[],
  directory: string,
  cwd: string,
): InputFile[] {
  const isLink = (url: string) => lstatSync(resolve(cwd, url)).isSymbolicLink();
  const links = new Set(files.filter(({ url }) => isLink(url)).map(({ url }) => url));
  if (links.size === 0) return [...files];
  const real = realpathSync(directory);
  const kept = onceEach(
    files.map(({ url }) => url),
    (url) => {
      const hasLinks = links.has(url);
      return {
        path: hasLinks ? realpathSync(resolve(cwd, url)) : join(real, basename(url)),
        hasLinks,
      };
    },
  );
  const names = new Set(kept);
  return files.filter(({ url }) => names.has(url));
}

function inputOf(url: string, cwd: string, stats = statOf(url, cwd)): InputFile {
  const path = resolve(cwd, url);
  try {
    if (stats === undefined && url.includes("\ufffd")) throw new Error("its name is not UTF-8");
    accessSync(path, constants.R_OK);
    const found = stats ?? statSync(path, { bigint: true });
    // A split has an end and may be read more than once, which is impossible with a pipe or a device.
    if (!found.isFile()) throw new MrError("INPUT_NOT_FOUND", "it is not a regular file");
    if (found.size === 0n && hasContents(path)) {
      const why = "its size is 0, but it has contents: copy it to a regular file first";
      throw new MrError("INPUT_UNSUPPORTED", why);
    }
    if (OPEN_FILE.test(path)) throw new Error("workers can open it only by its own name");
    return { url, ...fileStat(found, path) };
  } catch (error) {
    throw inputError(url, error);
  }
}

/** Whether a file has bytes that its size does not tell of, as files of `/proc` and of some networks have. */
function hasContents(path: string): boolean {
  const descriptor = openForReading(path);
  try {
    return readSync(descriptor, new Uint8Array(1), 0, 1, 0) > 0;
  } finally {
    closeSync(descriptor);
  }
}
