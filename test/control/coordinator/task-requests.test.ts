// Tests src/mr/control/coordinator/task-requests.ts.

import { expect, it } from "vitest";
import { TaskRequests } from "../../../src/mr/control/coordinator/task-requests.ts";

const SPLITS = [{ file: "a.txt", start: 0, end: 1 }];
const ID = { phase: "map", task: 0, attempt: 3, worker: 1 } as const;

it("F2 names the attempt of a worker that is gone, unless that has reported on it", () => {
  const requests = new TaskRequests(() => undefined);
  requests.assign(ID, SPLITS);
  expect(requests.isBusy(1)).toBe(true);
  expect(requests.forget(1)).toEqual({ phase: "map", task: 0, attempt: 3 });
  expect(requests.forget(1)).toBeUndefined();
  requests.assign({ ...ID, attempt: 4 }, SPLITS);
  requests.reported(1);
  expect(requests.isBusy(1)).toBe(false);
  expect(requests.forget(1)).toBeUndefined();
});

it("knows an attempt again that it has assigned before, and no other", () => {
  const requests = new TaskRequests(() => undefined);
  const first = requests.assign(ID, SPLITS);
  expect(requests.isRepeated(ID)).toBe(true);
  for (const other of [{ worker: 2 }, { task: 1 }, { attempt: 2 }, { phase: "reduce" as const }]) {
    expect(requests.isRepeated({ ...ID, ...other })).toBe(false);
  }
  // An attempt keeps what it was first given.
  expect(requests.assign(ID, [{ file: "b.txt", start: 0, end: 1 }])).toBe(first);
});
