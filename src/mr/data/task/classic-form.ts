import { hasRuns } from "../../app/contract/combiners.ts";
import type { ClassicApp, ClassicContext } from "../../app/contract/contract.ts";
import { isRecordApp, type RecordApp } from "../../app/contract/define-app.ts";
import type { Reader } from "../../app/contract/reader.ts";
import { replacedUtf8At } from "../../base/utf8.ts";
import { describeReplacement } from "../../job/task.ts";
import { decodeFile, otherEncodingOf } from "../input/encoding.ts";
import { wholeFile } from "../input/whole-file.ts";
import { describeValue } from "./app-error.ts";

/** Runs of a value from this length on are filled in at once, which takes half of the time. */
const MIN_FILL_LENGTH = 64;
/** V8 turns an array into a hash table when its length is set to more than twice this. */
const MAX_FAST_LENGTH = 2 ** 24;

const WHOLE_FILE = wholeFile({ encoding: false });

const adapted = new WeakMap<ClassicApp, RecordApp>();

/** The app that tasks run: the app itself, or the record form of a classic one, which is made once. */
export function recordFormOf(app: ClassicApp | RecordApp): RecordApp {
  if (isRecordApp(app)) return app;
  let form = adapted.get(app);
  if (form === undefined) {
    form = classicToRecordForm(app);
    adapted.set(app, form);
  }
  return form;
}

/** Reads a whole file as text. Bytes that are not UTF-8 become U+FFFD, which is reported. */
const WHOLE_TEXT: Reader<string> = {
  ...WHOLE_FILE,
  open(source, options) {
    const cursor = WHOLE_FILE.open(source, options);
    return {
      offset: 0,
      next() {
        const bytes = cursor.next()?.view();
        if (bytes === undefined) return undefined;
        const text = decodeFile(source.file, bytes);
        const at =
          otherEncodingOf(bytes, bytes.length) === undefined ? replacedUtf8At(bytes, text) : -1;
        if (at >= 0) options.onReplaced?.(`byte ${at}`, describeReplacement(bytes[at] ?? 0));
        return text;
      },
      load: () => cursor.load(),
      close: () => cursor.close?.(),
    };
  },
};

/** The record form of an app in the classic form: whole files in, lines `key value` out. */
export function classicToRecordForm(app: ClassicApp): RecordApp {
  const map = app.map as Called<string>;
  const reduce = app.reduce as Called<string[]>;
  // Functions of the lab have two parameters; a third one with a default is the app's own.
  const [mapTakesContext, reduceTakesContext] = [map.length > 2, reduce.length > 2];
  return {
    form: "record",
    input: WHOLE_TEXT,
    map(contents, _emit, context) {
      const { file } = context;
      const text = contents as string;
      const pairs = mapTakesContext ? map(file, text, context) : map(file, text);
      // The single pairs are checked when they are emitted; see record-mapper.ts.
      if (typeof pairs === "object" && pairs !== null) return pairs as Iterable<never>;
      throw new TypeError(`it returned ${describeValue(pairs)}, not pairs`);
    },
    reduce(key, values, _emit, context) {
      const all = toArray(values) as string[];
      const result = reduceTakesContext ? reduce(key, all, context) : reduce(key, all);
      return result instanceof Promise ? result.then(checkResult) : checkResult(result);
    },
  };
}

/** A function of a classic app, called with a context or without. */
type Called<T> = (name: string, contents: T, context?: ClassicContext) => unknown;

/** An array of all values, run by run: word count has one run of equal values per map task. */
function toArray(values: Iterable<unknown>): unknown[] {
  if (!hasRuns(values)) return [...values];
  const all: unknown[] = [];
  while (values.nextRun()) {
    const { runValue, runLength } = values;
    const length = all.length + runLength;
    if (runLength < MIN_FILL_LENGTH || length > MAX_FAST_LENGTH) {
      for (let left = runLength; left > 0; left--) all.push(runValue);
    } else {
      all.length = length;
      all.fill(runValue, length - runLength);
    }
  }
  return all;
}

function checkResult(result: unknown): string {
  if (typeof result === "string") return result;
  throw new TypeError(`it returned ${describeValue(result)}, not a string`);
}
