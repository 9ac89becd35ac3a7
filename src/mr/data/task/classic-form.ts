import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import { hasRuns } from "../../app/contract/combiners.ts";
import type { ClassicApp } from "../../app/contract/contract.ts";
import { isRecordApp, type RecordApp } from "../../app/contract/define-app.ts";
import { wholeFile } from "../input/whole-file.ts";
import { describeValue } from "./app-error.ts";

/** Longer runs of a value are filled in at once, which takes half of the time. */
const LONG_RUN = 64;
/** V8 makes a hash table of an array whose length is set to more than twice of this. */
const MAX_FAST_LENGTH = 2 ** 24;

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

/** The record form of an app in the classic form: whole files in, lines `key value` out. */
export function classicToRecordForm({ map, reduce }: ClassicApp): RecordApp {
  return {
    form: "record",
    input: wholeFile(),
    map(contents, _emit, { file }) {
      const pairs: unknown = map(file, (contents as ByteSlice).view().toString("utf8"));
      // Each pair is checked when its turn comes; see emit-result.ts.
      return checkPairs(pairs) as Iterable<never>;
    },
    reduce(key, values) {
      const result: unknown = reduce(key, toArray(values) as string[]);
      return result instanceof Promise ? result.then(checkResult) : checkResult(result);
    },
  };
}

/** Run by run: the values of word count are one run of many a map task. */
function toArray(values: Iterable<unknown>): unknown[] {
  if (!hasRuns(values)) return [...values];
  const all: unknown[] = [];
  while (values.nextRun()) {
    const { runValue, runLength } = values;
    const length = all.length + runLength;
    if (runLength < LONG_RUN || length > MAX_FAST_LENGTH) {
      for (let left = runLength; left > 0; left--) all.push(runValue);
    } else {
      all.length = length;
      all.fill(runValue, length - runLength);
    }
  }
  return all;
}

function checkPairs(pairs: unknown): unknown {
  if (typeof pairs === "object" && pairs !== null) return pairs;
  throw new TypeError(`it returned ${describeValue(pairs)}, not pairs`);
}

function checkResult(result: unknown): string {
  if (typeof result === "string") return result;
  throw new TypeError(`it returned ${describeValue(result)}, not a string`);
}
