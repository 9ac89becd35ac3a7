import type { PlannedSplit } from "./job-event.ts";

/** All parts of files that a map task reads, in the order in which it does. */
export function partsOf(split: PlannedSplit): readonly PlannedSplit[] {
  return split.further === undefined ? [split] : [split, ...split.further];
}

/** How much a map task reads, in bytes. */
export function plannedBytes(split: PlannedSplit): number {
  return partsOf(split).reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0);
}

/** What a map task reads, in a word: `a.txt`, or `a.txt +3` where three more files share the task. */
export function inputName({ file, further }: PlannedSplit): string {
  return further === undefined ? file : `${file} +${further.length}`;
}
