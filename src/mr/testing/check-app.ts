import type { ClassicApp } from "../app/contract.ts";
import { checkRecordApp, type RecordApp } from "../app/define-app.ts";
import { recordFormOf } from "../task/record-form.ts";

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
  // The module of a classic app is the app; that of one in the record form has it as default.
  if (isObject(given) && "default" in given) {
    throw new TypeError("this is the module of an app: import its default export");
  }
  if (isObject(given) && !("input" in given) && isClassic(given)) {
    return { app: recordFormOf(given), isClassic: true };
  }
  return { app: checkRecordApp(given), isClassic: false };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isClassic(app: { map?: unknown; reduce?: unknown }): app is ClassicApp {
  return typeof app.map === "function" && typeof app.reduce === "function";
}
