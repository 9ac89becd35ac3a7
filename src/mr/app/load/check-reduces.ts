import { UsageError } from "../../base/errors.ts";
import { leastReduces } from "../contract/partitioners.ts";
import type { LoadedApp } from "./load-app.ts";

/** How many reduce tasks a job of the app must have at least. */
export function leastReducesOf({ app }: LoadedApp): number {
  return "input" in app ? leastReduces(app.partition) : 1;
}

/** @throws UsageError when the app needs more reduce tasks than there are */
export function checkReduces(app: LoadedApp, reduces: number): void {
  const least = leastReducesOf(app);
  if (least <= reduces) return;
  throw new UsageError(
    `Cannot run app "${app.name}" with --reduces ${reduces}: its rangePartition needs ${least} or more`,
  );
}
