import { describe, expect, it } from "vitest";
import type { Refusal } from "../../../src/mr/job/task.ts";
import {
  describeCancellation,
  describeRefusal,
  withMessages,
} from "../../../src/mr/watch/format/describe-failure.ts";

const REFUSALS: ReadonlyArray<[refusal: Refusal, sentence: string]> = [
  [{ type: "protocol", job: 2, worker: 1 }, "the coordinator speaks protocol 2, the worker 1"],
  [
    { type: "app", job: "a.ts", jobDigest: "0123456789abcdef", worker: "b.ts", workerDigest: "f" },
    'the job runs app "a.ts" (0123456789ab…), the worker has "b.ts" (f…)',
  ],
  [
    { type: "reduces", app: "a.ts", job: 1, worker: 3 },
    'rangePartition of app "a.ts" needs 3 reduce tasks or more, the job has 1',
  ],
  [
    { type: "setting", app: "a.ts", name: "GREP", job: 'x"y', worker: null },
    'the job runs a.ts with GREP="x\\"y", the worker has no GREP',
  ],
];

describe("the words for a reason", () => {
  it.each(REFUSALS)("say why a worker was refused: %j", (refusal, sentence) => {
    expect(describeRefusal(refusal)).toBe(sentence);
    const event = { type: "workerRefused", pid: 7, refusal, atMs: 1 } as const;
    const told = { type: "workerRefused", pid: 7, reason: sentence, atMs: 1 };
    expect(withMessages(event)).toEqual(told);
  });

  it("say why a job was ended early", () => {
    expect(describeCancellation({ type: "requested" })).toBe("cancelled by request");
    expect(describeCancellation({ type: "requested", message: "lunch" })).toBe("lunch");
    const full = { type: "error", code: "LOG_UNWRITABLE", message: "the disk is full" } as const;
    expect(describeCancellation(full)).toBe("the disk is full");
  });
});
