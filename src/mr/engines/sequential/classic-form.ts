import type {
  ClassicApp,
  ClassicContext,
  KeyValue,
  MapResult,
} from "../../app/contract/contract.ts";
import { describeReplacement } from "../../job/task.ts";
import { readText } from "./read-text.ts";
import type { AppForm, EmitPair } from "./run-app.ts";

/** An app in the classic form: whole files in, a line `key value` out for each key. */
export function classicForm(app: ClassicApp): AppForm {
  const [map, reduce] = [app.map as Called<string>, app.reduce as Called<string[]>];
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
    async *records(input, _task, run) {
      const { url } = input;
      const { text: contents, bytes, replaced } = await readText(input, run.job.inputDirectory);
      run.addBytes(bytes);
      if (replaced !== undefined) {
        const reason = describeReplacement(replaced.byte);
        run.replace({ file: url, place: `byte ${replaced.at}`, reason });
      }
      const call = async (emit: EmitPair) => {
        const pairs = (await callWith(map, url, contents)) as Awaited<MapResult>;
        if (Symbol.asyncIterator in pairs) for await (const pair of pairs) emitPair(pair, emit);
        else for (const pair of pairs) emitPair(pair, emit);
      };
      yield { place: "the whole file", call };
    },
    sortValues: () => undefined,
    checkCombine: () => undefined,
    partition: (keyBytes, reduces) => ihash(keyBytes) % reduces,
    async reduce(keyBytes, values) {
      const key = keys.get(keyBytes.toString("latin1")) ?? "";
      const result: unknown = await callWith(reduce, key, values as string[]);
      if (typeof result === "string") return wtf8Bytes(`${key} ${result}\n`);
      throw new TypeError(`it returned a value of type ${typeof result}, but it must be a string`);
    },
  };
}

/** A function of a classic app, called with a context or without. */
type Called<T> = (name: string, contents: T, context?: ClassicContext) => unknown;

/** Nothing waits for a sequential run, so there is no lease to be kept. */
const CONTEXT: ClassicContext = { progress: () => undefined };

/** Passes a context to a function that declares a third parameter, without a default. */
function callWith<T>(called: Called<T>, name: string, contents: T): unknown {
  return called.length > 2 ? called(name, contents, CONTEXT) : called(name, contents);
}

/** The lab's partition: 32-bit FNV-1a without the sign bit. */
function ihash(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash & 0x7fffffff;
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
