import { ByteSlice } from "../app/contract/byte-slice.ts";
import type { ClassicApp } from "../app/contract/contract.ts";
import { checkRecordApp, type RecordApp } from "../app/contract/define-app.ts";
import { checkJsonValue } from "../base/json-value.ts";
import { recordFormOf } from "../data/task/classic-form.ts";

/** An app under test, in the form that tasks run. */
export interface AppUnderTest {
  readonly app: RecordApp;
  readonly isClassic: boolean;
}

/**
 * Takes an app of either form.
 *
 * @throws TypeError that names what is missing or misspelt
 */
export function checkApp(given: unknown): AppUnderTest {
  if (typeof given === "object" && given !== null && !("input" in given)) {
    if (isClassic(given)) return { app: recordFormOf(given), isClassic: true };
    // A module rather than its default export: what CommonJS makes of an import.
    if ("default" in given) return checkApp(given.default);
  }
  return { app: checkRecordApp(given), isClassic: false };
}

function isClassic(app: object): app is ClassicApp {
  const { map, reduce } = app as Partial<ClassicApp>;
  return typeof map === "function" && typeof reduce === "function";
}

/**
 * A value as it arrives at `reduce`: a copy, as of what a job writes to a file in between.
 *
 * @throws TypeError when JSON can't carry it, naming the path within the value
 */
export function carryValue<V>(value: V): V {
  if (value instanceof ByteSlice) return value.copy() as V & ByteSlice;
  if (typeof value === "string") return value;
  checkJsonValue(value);
  return JSON.parse(JSON.stringify(value)) as V;
}
