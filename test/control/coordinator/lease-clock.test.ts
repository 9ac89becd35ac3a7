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

it("F41 counts a wait for the log of up to one step, and in the end nothing of a longer one", () => {
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
  // The step that was counted is made up for.
  expect([100, 1000, 100].map(lookAfter)).toEqual([1500, 1600, 1700]);
  // A decision that was made during the last wait waits on.
  waitingSinceMs = 2000;
  expect(lookAfter(500)).toBe(1700);
  // A short wait counts.
  waitingSinceMs = undefined;
  expect(lookAfter(1000)).toBe(1700);
  waitingSinceMs = 5500;
  expect(lookAfter(900)).toBe(2600);
});
