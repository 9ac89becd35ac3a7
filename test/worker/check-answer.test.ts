import { describe, expect, it } from "vitest";
import type { Assignment } from "../../src/mr/control/protocol/protocol.ts";
import { checkAssignment, checkRegistration } from "../../src/mr/worker/check-answer.ts";
import { mrError } from "../support/mr-error.ts";

const JOB = {
  worker: 1,
  term: 1,
  job: "00c0ffee",
  directory: "/job",
  inputDirectory: "/home",
  reduces: 2,
  leaseMs: 10_000,
  skipBadRecords: false,
};
const SOURCES = [0, 1].map((map) => ({ name: `mr-${map}-3`, bytes: 1, crc32: 1 }));
const REDUCE: Assignment = { kind: "reduce", task: 3, attempt: 1, sources: SOURCES };
const SPLIT = { file: "a.txt", start: 0, end: 1 };
const MAP: Assignment = { kind: "map", task: 3, attempt: 1, split: SPLIT };

const NONSENSE = mrError("PROTOCOL_ERROR");

describe("a worker", () => {
  it("takes answers that make sense", () => {
    checkRegistration(JOB);
    for (const answer of [MAP, REDUCE, { kind: "exit", outcome: "failed" } as const]) {
      checkAssignment(answer);
    }
  });

  it("F34: is not told to write files elsewhere than in the directory of its job", () => {
    for (const wrong of [
      { job: "../../c0ffee" },
      { job: "00C0FFEE" },
      { directory: "job" },
      { inputDirectory: "" },
      { reduces: -1 },
      { reduces: "2" },
      { worker: -1 },
      { term: undefined },
    ]) {
      const registration = { ...JOB, ...wrong } as typeof JOB;
      expect(() => checkRegistration(registration)).toThrow(NONSENSE);
    }
    for (const wrong of [
      { task: "../3" },
      { task: 0.5 },
      { attempt: "1/../../x" },
      { kind: "sort" },
    ]) {
      const answer = { ...MAP, ...wrong } as Assignment;
      expect(() => checkAssignment(answer)).toThrow(NONSENSE);
    }
  });

  it("F34: is not told to read other files than its input and the map outputs for it", () => {
    const names = [
      "../mr-0-3",
      "/etc/passwd",
      "mr-0-2",
      "mr-00-3",
      "mr-out-3",
      "mr-1-3",
      "",
      undefined,
    ];
    for (const name of names) {
      const sources = [{ ...SOURCES[0], name }, SOURCES[1]];
      const answer = { ...REDUCE, sources } as Assignment;
      expect(() => checkAssignment(answer)).toThrow(NONSENSE);
    }
    const wrongParts = [
      ...[{ file: 7 }, { start: -1 }, { start: 2 }, { end: "1" }],
      ...[{ size: "1" }, { size: -1 }, { version: 5 }],
    ];
    for (const wrong of wrongParts) {
      const answer = { ...MAP, split: { ...SPLIT, ...wrong } } as Assignment;
      expect(() => checkAssignment(answer)).toThrow(NONSENSE);
    }
  });
});
