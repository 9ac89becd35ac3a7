// Tests mrcoordinator.ts and mrworker.ts: a word count as in the lab.

import { mkdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Job } from "../support/job.ts";
import type { Command, Ended } from "../support/processes.ts";
import { someSpeeches } from "../support/speeches.ts";

/** The word count of some texts, by a way that has nothing in common with the project's. */
function countWords(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.split(/\P{L}+/u)) {
      if (word !== "") counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const lines = Array.from(counts, ([word, count]) => `${word} ${count}\n`);
  lines.sort((a, b) => (a < b ? -1 : 1));
  return lines.join("");
}

/** It has come after the end of the job. */
function expectTooLate(worker: Ended): void {
  expect(worker).toMatchObject({ code: 1, signal: null });
  expect(worker.stderr).toMatch(/^mrworker: No coordinator is listening .+\n$/);
}

describe("a word count with the commands of the lab", () => {
  const speeches = someSpeeches(20);
  const job = new Job({ viaTsx: true });
  let firstOutput: string;
  let coordinator: Ended;
  let workers: Ended[];

  beforeAll(async () => {
    mkdirSync(job.path("books"));
    for (const [name, text] of speeches) job.write(`books/${name}`, text);
    // The result of an earlier job with more reduce tasks.
    job.write("mr-out-9", "left over\n");
    const started: Command[] = [await job.ready("books/*.txt", "--reduces", "7")];
    for (let worker = 0; worker < 3; worker++) started.push(job.worker("wc.ts"));
    await Promise.race(started.map(({ ended }) => ended));
    firstOutput = job.output();
    [coordinator = await Promise.reject(), ...workers] = await Promise.all(
      started.map(({ ended }) => ended),
    );
  });
  afterAll(() => job.end());

  it("ends every process that took part with exit code 0, and the coordinator says where the output is", () => {
    expect(coordinator.code).toBe(0);
    expect(coordinator.stderr).toContain(`${speeches.size} input files, 7 reduce tasks`);
    expect(coordinator.stderr).toMatch(/Done in [0-9.]+ s: the output is in mr-out-\*\n$/);
    const joined = workers.filter(({ stderr }) => stderr.startsWith("mrworker: Joined "));
    expect(joined.length).toBeGreaterThan(0);
    for (const { code, stderr } of joined) {
      expect(stderr).toMatch(/^mrworker: Joined .+\nmrworker: The job is complete; .+\n$/);
      expect(code).toBe(0);
    }
    // On a busy machine one may have started when the others had done everything.
    for (const late of workers.filter((worker) => !joined.includes(worker))) expectTooLate(late);
    expect(coordinator.stdout).toBe("");
  });

  it("equals an independent count", () => {
    expect(job.output()).toBe(countWords([...speeches.values()]));
  });

  it("equals the sequential run", async () => {
    expect(job.output()).toBe(await job.oracle("wc.ts", "books"));
  });

  it("is complete when the first process ends, whichever that is", () => {
    expect(firstOutput).toBe(job.output());
  });

  it("F14: leaves one result per reduce task, and none of an earlier job", () => {
    const results = job.files().filter((name) => name.startsWith("mr-out-"));
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6].map((task) => `mr-out-${task}`));
    expect(coordinator.stderr).toContain("Removed 1 output file");
  });

  it("leaves no temporary file and no socket", () => {
    expect(job.temporaryFiles()).toEqual([]);
    expect(() => readFileSync(job.socketPath)).toThrow("ENOENT");
  });

  it("orders each result by the bytes of its keys", () => {
    for (const name of job.files().filter((file) => file.startsWith("mr-out-"))) {
      const keys = readFileSync(job.path(name), "utf8").split("\n").slice(0, -1);
      const words = keys.map((line) => Buffer.from(line.slice(0, line.indexOf(" "))));
      expect(
        words.every((word, i) => i === 0 || Buffer.compare(words[i - 1] ?? word, word) < 0),
      ).toBe(true);
    }
  });

  it("tells a worker that comes after the end that there is no coordinator any more", async () => {
    const late = await job.worker("wc.ts").ended;
    expectTooLate(late);
  });
});
