// Tests src/mr/control/coordinator/job-planner.ts: plans that take time, while workers come and go.

import { describe, expect, it } from "vitest";
import { MrError, UsageError } from "../../../src/mr/base/errors.ts";
import { JobPlanner } from "../../../src/mr/control/coordinator/job-planner.ts";
import type { JobPlan, Split, Splitting } from "../../../src/mr/job/split.ts";
import type { CancelReason } from "../../../src/mr/job/task.ts";
import { Deferred } from "../../support/deferred.ts";

const CSV = { scanner: "csv", options: {} } as const;

function split(file: string): Split[] {
  return [{ file, start: 0, end: 1 }];
}

/** A planner whose plans of parts and scanners the test makes. */
function setUp() {
  const plans: Array<Deferred<readonly Split[]>> = [];
  const planned: string[] = [];
  const impossible: CancelReason[] = [];
  const state = { isOpen: true };
  const plan = ((splitting: Splitting) => {
    if (splitting === "wholeFile") return split("whole");
    const deferred = new Deferred<readonly Split[]>();
    plans.push(deferred);
    return deferred.promise;
  }) as JobPlan;
  const planner = new JobPlanner(plan, undefined, {
    isOpen: () => state.isOpen,
    onPlanned: ([first]) => planned.push(first?.file ?? ""),
    onImpossible: (reason) => impossible.push(reason),
  });
  return { planner, plans, planned, impossible, state };
}

describe("the plan of a job", () => {
  it("is made once for all workers of an app", async () => {
    const { planner, plans, planned } = setUp();
    const both = [planner.planFor("wc.ts", "bytes"), planner.planFor("wc.ts", "bytes")];
    plans[0]?.resolve(split("parts"));
    await Promise.all(both);
    expect([plans.length, planned, planner.splits]).toEqual([1, ["parts"], split("parts")]);
  });

  it("is that of the last app, though the plan for another one is ready later", async () => {
    const { planner, plans, planned } = setUp();
    const first = planner.planFor("one.ts", "bytes");
    const second = planner.planFor("other.ts", CSV);
    plans[1]?.resolve(split("rows"));
    await second;
    plans[0]?.resolve(split("parts"));
    await first;
    expect([planned, planner.splits]).toEqual([["rows"], split("rows")]);
  });

  it("stays as it is once a task has been handed out", async () => {
    const { planner, plans, planned, state } = setUp();
    const planning = planner.planFor("wc.ts", "bytes");
    state.isOpen = false;
    plans[0]?.resolve(split("parts"));
    await planning;
    expect([planned, planner.splits]).toEqual([[], split("whole")]);
  });

  it("ends the job if the inputs can't be split, with the reason", async () => {
    const { planner, plans, planned, impossible } = setUp();
    const planning = planner.planFor("wc.ts", CSV);
    plans[0]?.reject(new MrError("INPUT_NOT_FOUND", "it is gone"));
    await planning;
    expect(planned).toEqual([]);
    expect(impossible).toEqual([{ type: "error", code: "INPUT_NOT_FOUND", message: "it is gone" }]);
  });

  it("refuses a worker, and not the job, for a splitting that there is not", () => {
    const impossible: CancelReason[] = [];
    const plan = ((splitting: Splitting) => {
      if (splitting === "wholeFile") return split("whole");
      throw new UsageError("there is no such scanner");
    }) as JobPlan;
    const planner = new JobPlanner(plan, undefined, {
      isOpen: () => true,
      onPlanned: () => undefined,
      onImpossible: (reason) => impossible.push(reason),
    });
    expect(() => planner.planFor("wc.ts", CSV)).toThrow("there is no such scanner");
    expect(impossible).toEqual([]);
  });
});
