// Tests src/mr/control/scheduler/scheduler.ts: the transcripts in test/testdata.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runTranscript, titleOf } from "./transcript.ts";

const STORIES = fileURLToPath(new URL("../../testdata/", import.meta.url));
/** Set it to write what the scheduler does into the stories, and review the difference. */
const { UPDATE_TRANSCRIPTS } = process.env;

describe("the scheduler", () => {
  for (const name of readdirSync(STORIES).sort()) {
    const told = readFileSync(`${STORIES}${name}`, "utf8");
    it(`${titleOf(told)} (${name})`, () => {
      const happened = runTranscript(told);
      if (UPDATE_TRANSCRIPTS === "1") writeFileSync(`${STORIES}${name}`, happened);
      else expect(happened).toBe(told);
    });
  }
});

describe("a transcript", () => {
  it("is refused when it has an event, a phase, a number or an option that does not exist", () => {
    for (const line of ["0 sleep w1", "0 commit sort 0 attempt 1", "0 request you", "job tea 2"]) {
      expect(() => runTranscript(line)).toThrow(/There is no|is not a number|has no/);
    }
  });

  it("shows a decision that differs from the one it tells of", () => {
    expect(runTranscript("0 request w1\n    dismiss w1")).toBe(
      "0 request w1\n    assign w1 map 0 attempt 1",
    );
  });
});
