import { describe, expect, it } from "vitest";
import { describeEffect } from "../../../src/mr/control/coordinator/describe-effect.ts";

describe("an attempt that another one has overtaken", () => {
  const describeLoser = (loser: number, winner: number) => {
    const task = { phase: "map", task: 2 } as const;
    const superseded = { type: "superseded", worker: 3, ...task, attempt: loser } as const;
    return describeEffect(superseded, (worker) => `worker ${worker}`, {
      ...task,
      attempt: winner,
    });
  };

  it("was too slow if it came first", () => {
    expect(describeLoser(1, 2)).toBe(
      "map task 2, attempt 1, on worker 3 was too slow: another attempt has finished",
    );
  });

  it("was not needed if it was the backup", () => {
    expect(describeLoser(2, 1)).toBe(
      "map task 2, attempt 2, on worker 3 was not needed: an earlier attempt has finished",
    );
  });
});
