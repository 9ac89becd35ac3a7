// Runs jobs whose inputs change meanwhile.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { mrError } from "../support/mr-error.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const CHANGED = mrError(
  "INPUT_CHANGED",
  'a.txt": it has changed since the job was planned',
) as Error;

/** An app with a function `change`, which changes the input at its first call. */
function appThat(change: string, app: string): string {
  return `
    import * as fs from "node:fs";
    import { defineApp, lines } from "tsmr";
    const input = process.env.CHANGED_INPUT ?? "";
    const marker = input + ".changed";
    function change() {
      if (fs.existsSync(marker)) return;
      fs.writeFileSync(marker, "");
      ${change};
    }
    ${app}`;
}

const RECORD_APP = `export default defineApp({
  input: lines(),
  map(line, emit) { change(); emit(line, 1); },
  reduce: (_key, values) => [...values].length });`;

const CLASSIC_APP = `
  export function map(file: string, contents: string) {
    change();
    return contents.split("\\n").map((key) => ({ key, value: "" }));
  }
  export function reduce(key: string, values: string[]) { return String(values.length); }`;

/** Its first reduce task changes the input, and removes the map output that the second one is to read. */
const LATE_APP = `export default defineApp({
  input: lines(),
  map(line, emit) { emit(line, 1); },
  partition: (key) => Number(key.slice(-1)) % 2,
  reduce(_key, values, _emit, { task }) {
    if (task === 0) change();
    return [...values].length;
  } });`;

let home: string;
let failures: JobEvent[];
let options: RunJobOptions;

beforeEach(() => {
  home = temporaryDirectory();
  writeFileSync(join(home, "a.txt"), "line 1\nline 2\n".repeat(50));
  vi.stubEnv("CHANGED_INPUT", join(home, "a.txt"));
  failures = [];
  options = {
    app: join(home, "app.ts"),
    inputs: [join(home, "a.txt")],
    out: join(home, "out"),
    workers: 1,
    reduces: 2,
    onEvent: (event) => {
      if (event.type === "attemptFailed") failures.push(event);
    },
  };
});

const CHANGES: readonly (readonly [how: string, change: string])[] = [
  ["truncated", "fs.truncateSync(input, 7)"],
  ["replaced", "fs.writeFileSync(input + '.new', 'new'); fs.renameSync(input + '.new', input)"],
  ["appended to", "fs.appendFileSync(input, 'more')"],
];

describe.each(CHANGES)("an input that is %s while a job runs", (how, change) => {
  it.each([
    ["record", RECORD_APP],
    ["classic", CLASSIC_APP],
  ])("F45 fails the job at once, with its name: app in the %s form", async (form, app) => {
    writeFileSync(join(home, "app.ts"), appThat(change, app));
    const running = runJob({ ...options, splitBytes: 100 });
    // A replaced file is read as it was by the task that had opened it.
    if (form === "classic" && how === "replaced") await running;
    else {
      await expect(running).rejects.toThrow(CHANGED);
      expect(failures).toHaveLength(1);
    }
  });

  it("F45 fails the job when a map task has to run again", async () => {
    const lose = `${change}; fs.rmSync(input.replace("a.txt", "out/mr-0-1"))`;
    writeFileSync(join(home, "app.ts"), appThat(lose, LATE_APP));
    await expect(runJob(options)).rejects.toThrow(CHANGED);
  });

  it("F45 fails the job in one process", async () => {
    writeFileSync(join(home, "app.ts"), appThat(change, RECORD_APP));
    const running = runJob({ ...options, engine: "sequential" });
    if (how === "replaced") await running;
    else await expect(running).rejects.toThrow(CHANGED);
  });
});
