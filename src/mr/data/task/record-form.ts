import type { ClassicApp } from "../../app/contract/contract.ts";
import { isRecordApp, type RecordApp } from "../../app/contract/define-app.ts";
import { classicToRecordForm } from "./classic-form.ts";

const adapted = new WeakMap<ClassicApp, RecordApp>();

/** What tasks run: the app, or the record form of a classic one, which is made once. */
export function recordFormOf(app: ClassicApp | RecordApp): RecordApp {
  if (isRecordApp(app)) return app;
  let form = adapted.get(app);
  if (form === undefined) {
    form = classicToRecordForm(app);
    adapted.set(app, form);
  }
  return form;
}
