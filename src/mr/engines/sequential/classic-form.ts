import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { ClassicApp, KeyValue } from "../../app/contract/contract.ts";
import { inputError, MrError } from "../../base/errors.ts";
import { storageFor } from "../../storage/registry.ts";
import { readBlocks } from "../../storage/storage.ts";
import type { AppForm, EmitPair } from "./run-app.ts";

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (
    contents: Buffer,
    options: { readonly info: true },
  ) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
};

/** An app in the classic form: whole files in, a line `key value` out for each key. */
export function classicForm(app: ClassicApp): AppForm {
  /** The keys by their bytes as Latin-1: a key cannot be recovered from its bytes. */
  const keys = new Map<string, string>();
  const emitPair = ({ key, value }: KeyValue, emit: EmitPair) => {
    if (typeof key !== "string" || typeof value !== "string") {
      const types = `a key of type ${typeof key} with a value of type ${typeof value}`;
      throw new TypeError(`it emitted ${types}, but keys and values must be strings`);
    }
    const bytes = wtf8Bytes(key);
    keys.set(bytes.toString("latin1"), key);
    emit(bytes, value);
  };
  return {
    async *records({ url }, _task, { job }) {
      const contents = await readText(url, job.inputDirectory);
      const call = async (emit: EmitPair) => {
        const pairs = await app.map(url, contents);
        if (Symbol.asyncIterator in pairs) for await (const pair of pairs) emitPair(pair, emit);
        else for (const pair of pairs) emitPair(pair, emit);
      };
      yield { place: "the whole file", call };
    },
    sortValues: () => undefined,
    partition: (keyBytes, reduces) => ihash(keyBytes) % reduces,
    async reduce(keyBytes, values) {
      const key = keys.get(keyBytes.toString("latin1")) ?? "";
      const result: unknown = await app.reduce(key, values as string[]);
      if (typeof result === "string") return wtf8Bytes(`${key} ${result}\n`);
      throw new TypeError(`it returned a value of type ${typeof result}, but it must be a string`);
    },
  };
}

/** The lab's partition: 32-bit FNV-1a without the sign bit. */
function ihash(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash & 0x7fffffff;
}

async function readText(url: string, directory: string): Promise<string> {
  try {
    const storage = storageFor(url);
    const blocks: Uint8Array[] = [];
    for await (const block of readBlocks(storage, storage.resolve(directory, url))) {
      blocks.push(block);
    }
    const contents = Buffer.concat(blocks);
    if (url.endsWith(".gz")) return decodeText(await promisify(zlib.gunzip)(contents));
    if (url.endsWith(".zst")) return decodeText(decompressZstd(contents));
    return decodeText(contents);
  } catch (error) {
    throw inputError(url, error);
  }
}

/** Decodes UTF-16 if it begins with that byte order mark, which is removed; otherwise UTF-8. */
function decodeText(contents: Buffer): string {
  const mark = contents.toString("latin1", 0, 2);
  if (mark !== "\xff\xfe" && mark !== "\xfe\xff") return contents.toString("utf8");
  const encoding = mark === "\xff\xfe" ? "utf-16le" : "utf-16be";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(contents);
  } catch {
    throw new MrError("INPUT_MALFORMED", `it is not ${encoding.toUpperCase()}`);
  }
}

function decompressZstd(contents: Buffer): Buffer {
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

/**
 * The bytes of a string in WTF-8 (https://simonsapin.github.io/wtf-8): UTF-8 that encodes a lone surrogate,
 * which UTF-8 can't, in three bytes.
 *
 * The parallel path has another encoder, against which this simple one is tested.
 */
export function wtf8Bytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  // Encoding puts U+FFFD where a lone surrogate was; otherwise it can be undone.
  if (bytes.toString() === text) return bytes;
  return Buffer.concat(Array.from(text, symbolBytes));
}

function symbolBytes(symbol: string): Buffer {
  const unit = symbol.charCodeAt(0);
  const isLoneSurrogate = symbol.length === 1 && unit >= 0xd800 && unit <= 0xdfff;
  if (!isLoneSurrogate) return Buffer.from(symbol);
  return Buffer.from([0xe0 + (unit >> 12), 0x80 + ((unit >> 6) % 64), 0x80 + (unit % 64)]);
}
