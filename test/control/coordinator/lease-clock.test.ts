import { expect, it } from "vitest";
import { leaseClock } from "../../../src/mr/control/coordinator/lease-clock.ts";

it("F6 counts the time in which it is not read as one step at most", () => {
  let nowMs = 5000;
  const clock = leaseClock(() => nowMs, 1000);
  const lookAfter = (ms: number) => {
    nowMs += ms;
    return clock();
  };
  const times = [0, 400, 1000, 60_000, 0, 1, 1001, 999].map(lookAfter);
  expect(times).toEqual([5000, 5400, 6400, 7400, 7400, 7401, 8401, 9400]);
});

it("F41 counts one step of a wait for the log", () => {
  let nowMs = 0;
  let waitingSinceMs: number | undefined;
  const clock = leaseClock(
    () => nowMs,
    1000,
    () => waitingSinceMs,
  );
  const lookAfter = (ms: number) => {
    nowMs += ms;
    return clock();
  };
  expect(lookAfter(500)).toBe(500);
  waitingSinceMs = 500;
  expect([400, 400, 400, 400, 800].map(lookAfter)).toEqual([900, 1300, 1500, 1500, 1500]);
  waitingSinceMs = undefined;
  expect([100, 1000].map(lookAfter)).toEqual([1600, 2600]);
  // A decision that was made during the last wait waits on.
  waitingSinceMs = 2000;
  expect(lookAfter(500)).toBe(2600);
});
