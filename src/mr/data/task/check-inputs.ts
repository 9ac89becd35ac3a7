import type { ClassicApp } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { withAppError } from "./app-error.ts";

/**
 * Lets an app check the names of all inputs of its job.
 *
 * @throws UsageError of an app that refuses them; AppError when it throws something else
 */
export function checkInputs(app: ClassicApp | RecordApp, files: readonly string[]): void {
  if (!("checkInputs" in app)) return;
  withAppError("the app could not check its inputs", () => app.checkInputs?.(files));
}
