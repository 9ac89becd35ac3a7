import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { ClassicApp, KeyValue } from "../../app/contract/contract.ts";
import { describeCause, inputError, MrError } from "../../base/errors.ts";
import { quoteKey } from "../../base/thrown.ts";
import { wtf8Bytes } from "./wtf8-bytes.ts";

type Decompress = (contents: Buffer) => Promise<Buffer>;

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (
    contents: Buffer,
    options: { readonly info: true },
  ) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
};

/** Every distinct key with its values, in the order they were emitted. A `Map`, so that no key is special. */
type Groups = Map<string, string[]>;

/**
 * Runs a job in this process, one call after another, with everything in memory.
 *
 * This is what a parallel run is compared with, so it is as plain as can be and shares nothing with
 * the parallel data path: a mistake there can't be made here too.
 *
 * @param app the app
 * @param files paths, absolute or relative to `cwd`, given to `map` as they stand
 * @param cwd absolute path, by default the current directory
 * @returns the output, one line `key value\n` a key, in the order of the keys' UTF-8 bytes
 * @throws MrError when a file cannot be read, or the app throws or breaks its contract; what the app
 *   threw is its `cause`
 */
export async function runSequential(
  app: ClassicApp,
  files: readonly string[],
  cwd: string = process.cwd(),
): Promise<string[]> {
  const groups: Groups = new Map();
  for (const file of files) {
    const contents = await readInput(resolve(cwd, file), file);
    await callMap(app, file, contents, groups);
  }

  const lines: string[] = [];
  for (const [key, values] of sortByKey(groups)) {
    lines.push(`${key} ${await callReduce(app, key, values)}\n`);
  }
  return lines;
}

async function readInput(path: string, file: string): Promise<string> {
  try {
    if (file.endsWith(".gz")) return await readCompressed(path, promisify(zlib.gunzip));
    if (!file.endsWith(".zst")) return await readFile(path, "utf8");
    return await readCompressed(path, decompressZstd);
  } catch (error) {
    throw inputError(file, error);
  }
}

async function readCompressed(path: string, decompress: Decompress): Promise<string> {
  return (await decompress(await readFile(path))).toString("utf8");
}

async function decompressZstd(contents: Buffer): Promise<Buffer> {
  if (zstdDecompressSync === undefined) {
    throw new MrError("INPUT_UNSUPPORTED", `Node ${process.version} has no zstd (22.15 has)`);
  }
  const { buffer, engine } = zstdDecompressSync(contents, { info: true });
  if (engine.bytesWritten === contents.length) return buffer;
  throw new MrError(
    "INPUT_UNSUPPORTED",
    "it has more than one zstd frame, of which Node reads the first only",
  );
}

async function callMap(
  app: ClassicApp,
  file: string,
  contents: string,
  groups: Groups,
): Promise<void> {
  try {
    const emitted = await app.map(file, contents);
    if (Symbol.asyncIterator in emitted) {
      for await (const pair of emitted) addPair(groups, pair);
    } else {
      for (const pair of emitted) addPair(groups, pair);
    }
  } catch (error) {
    throw appError(`map failed on input "${file}"`, error);
  }
}

function addPair(groups: Groups, pair: KeyValue): void {
  const { key, value } = pair;
  if (typeof key !== "string" || typeof value !== "string") {
    throw new TypeError(`it emitted ${inspectPair(pair)}, but keys and values must be strings`);
  }
  const values = groups.get(key);
  if (values === undefined) {
    groups.set(key, [value]);
  } else {
    values.push(value);
  }
}

function inspectPair({ key, value }: KeyValue): string {
  return `a key of type ${typeof key} with a value of type ${typeof value}`;
}

/** JavaScript's own order of strings, by UTF-16 units, is not that of their bytes beyond U+FFFF. */
function sortByKey(groups: Groups): [string, string[]][] {
  const withBytes = Array.from(groups, (entry) => ({ entry, bytes: wtf8Bytes(entry[0]) }));
  withBytes.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return withBytes.map(({ entry }) => entry);
}

async function callReduce(app: ClassicApp, key: string, values: string[]): Promise<string> {
  try {
    const result = await app.reduce(key, values);
    if (typeof result !== "string") {
      throw new TypeError(`it returned a value of type ${typeof result}, but it must be a string`);
    }
    return result;
  } catch (error) {
    throw appError(`reduce failed on key ${quoteKey(key)}`, error);
  }
}

function appError(what: string, error: unknown): MrError {
  return new MrError("APP_THREW", `${what}: ${describeCause(error)}`, { cause: error });
}
