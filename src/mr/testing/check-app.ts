import type { ClassicApp } from "../app/contract/contract.ts";
import { checkRecordApp, type RecordApp } from "../app/contract/define-app.ts";
import { recordFormOf } from "../data/task/record-form.ts";

/** An app under test, in the one form that tasks run. */
export interface AppUnderTest {
  readonly app: RecordApp;
  readonly isClassic: boolean;
}

/**
 * Takes an app of either form.
 *
 * @throws TypeError when it is none: what is missing or misspelt is named
 */
export function checkApp(given: ClassicApp | RecordApp): AppUnderTest {
  return check(given);
}

function check(given: unknown): AppUnderTest {
  if (isObject(given) && !("input" in given)) {
    if (isClassic(given)) return { app: recordFormOf(given), isClassic: true };
    // A module rather than its default export: what CommonJS makes of an import.
    if ("default" in given) return check(given.default);
  }
  return { app: checkRecordApp(given), isClassic: false };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isClassic(app: object): app is ClassicApp {
  const { map, reduce } = app as Partial<ClassicApp>;
  return typeof map === "function" && typeof reduce === "function";
}
