import { expect, it } from "vitest";
import { pauseTolerantClock } from "../../../src/mr/control/coordinator/pause-tolerant-clock.ts";

it("counts the time in which it is not read as one step at most", () => {
  let nowMs = 5000;
  const clock = pauseTolerantClock(() => nowMs, 1000);
  const lookAfter = (ms: number) => {
    nowMs += ms;
    return clock();
  };
  const times = [0, 400, 1000, 60_000, 0, 1, 1001, 999].map(lookAfter);
  expect(times).toEqual([5000, 5400, 6400, 7400, 7400, 7401, 8401, 9400]);
});
