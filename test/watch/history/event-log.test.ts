import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { HeldDirectory } from "../../../src/mr/base/held-directory.ts";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../../src/mr/job/events.ts";
import { EVENT_LOG_NAME } from "../../../src/mr/job/names.ts";
import { EventLog } from "../../../src/mr/watch/history/event-log.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const ATTEMPT = { phase: "map", task: 0, attempt: 1, worker: 1 } as const;
const STARTED: JobEvent = { type: "attemptStarted", ...ATTEMPT, isBackup: false, atMs: 0 };

let directory: string;
let incidents: string[];
beforeEach(() => {
  directory = temporaryDirectory();
  incidents = [];
});

function open(resumed = false): EventLog {
  return new EventLog(HeldDirectory.open(directory), resumed, (line) => incidents.push(line));
}

function lines(home = directory): JobEvent[] {
  const text = readFileSync(join(home, EVENT_LOG_NAME), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** A link in place of the log, as another user may put it into a shared directory. @returns the file it leads to */
function plantLink(): string {
  const precious = join(temporaryDirectory(), "precious");
  writeFileSync(precious, "precious");
  symlinkSync(precious, join(directory, EVENT_LOG_NAME));
  return precious;
}

it("F35: replaces a link in place of the log, and leaves the file that it leads to alone", () => {
  const precious = plantLink();
  const log = open();
  log.record(STARTED);
  log.close();
  expect(lines()).toEqual([STARTED]);
  expect(readFileSync(precious, "utf8")).toBe("precious");
  expect(incidents).toEqual([]);
});

it("F35: does without the log of a resumed job where a link, a FIFO or a file with another name is in its place", () => {
  const precious = plantLink();
  const path = join(directory, EVENT_LOG_NAME);
  const write = () => {
    const log = open(true);
    log.record(STARTED);
    log.close();
  };
  write();
  rmSync(path);
  execFileSync("mkfifo", [path]);
  write();
  rmSync(path);
  linkSync(precious, path);
  write();
  expect(readFileSync(precious, "utf8")).toBe("precious");
  expect(incidents).toEqual([
    expect.stringMatching(/event log ".*": it is a symbolic link$/),
    expect.stringMatching(/: it is not a regular file$/),
    expect.stringMatching(/hard link/),
  ]);
});

function progressed(atMs: number): JobEvent {
  const progress = { records: atMs, bytes: atMs, cpuMs: 0 };
  return { type: "attemptProgressed", ...ATTEMPT, progress, atMs };
}

describe("EventLog", () => {
  it("writes an event a line, and is empty again with a new job", () => {
    const left: JobEvent = { type: "workerLeft", worker: 1, atMs: 1.5 };
    for (let job = 0; job < 2; job++) {
      const log = open();
      log.record(STARTED);
      log.record(left);
      log.close();
      expect(lines()).toEqual([STARTED, left]);
    }
    expect(incidents).toEqual([]);
  });

  it("leaves the file to another coordinator once it is discarded", () => {
    const log = open();
    log.record(STARTED);
    log.discard();
    log.record(STARTED);
    log.close();
    expect(lines()).toEqual([]);
    expect(incidents).toEqual([]);
  });

  it("goes on where a job is resumed, on a line of its own if the last was torn", () => {
    const log = open();
    log.record(STARTED);
    log.close();
    appendFileSync(join(directory, EVENT_LOG_NAME), '{"type":"atte');
    const next = open(true);
    next.record({ ...STARTED, attempt: 2 });
    next.close();
    const written = readFileSync(join(directory, EVENT_LOG_NAME), "utf8").split("\n");
    expect(written.map((line) => line.slice(0, 12))).toEqual([
      '{"type":"att',
      '{"type":"att',
      '{"type":"att',
      "",
    ]);
    expect(JSON.parse(written[2] ?? "")).toEqual({ ...STARTED, attempt: 2 });
  });

  it("stays small however long an attempt takes, and has its last progress before it is lost", () => {
    const log = open();
    const dayMs = 86_400_000;
    log.record(STARTED);
    for (let atMs = 1000; atMs <= dayMs; atMs += 1000) log.record(progressed(atMs));
    log.record({ type: "attemptLost", ...ATTEMPT, reason: "leaseEnded", atMs: dayMs + 10_000 });
    log.close();
    const written = lines();
    expect(written.length).toBeLessThan(35);
    expect(written.at(-2)).toEqual(progressed(dayMs));
    expect(written.at(-1)?.type).toBe("attemptLost");
  });

  it("is on disk when the job ends, before it is closed", () => {
    const log = open();
    log.record({ type: "jobEnded", outcome: { state: "completed" }, atMs: 1 });
    expect(lines()).toHaveLength(1);
    log.close();
    log.record(STARTED);
    expect(lines()).toHaveLength(1);
  });

  it("is given up with one line when it cannot be written", () => {
    mkdirSync(join(directory, EVENT_LOG_NAME));
    const log = open();
    for (let event = 0; event < 3; event++) log.record(STARTED);
    log.close();
    expect(incidents).toEqual([
      `Cannot write event log "${join(directory, EVENT_LOG_NAME)}": illegal operation on a directory (EISDIR)`,
    ]);
  });
});

const APP = `
  export const map = (file, contents) => [{ key: contents, value: "1" }];
  export const reduce = (key, values) => String(values.length);
`;

describe("the event log of a job", () => {
  function options() {
    writeFileSync(join(directory, "app.ts"), APP);
    writeFileSync(join(directory, "in.txt"), "text");
    const out = join(directory, "out");
    const inputs = [join(directory, "in.txt")];
    return { app: join(directory, "app.ts"), inputs, out, workers: 1, reduces: 1 };
  }

  it("tells the same as those who watch are told, and outlives the job without hindering the next", async () => {
    const events: JobEvent[] = [];
    const job = { ...options(), onEvent: (event: JobEvent) => events.push(event) };
    await runJob(job);
    const types = (of: readonly JobEvent[]) => of.map(({ type }) => type);
    const written = lines(job.out).filter(({ type }) => type !== "attemptProgressed");
    expect(types(written)).toEqual(types(events).filter((type) => type !== "attemptProgressed"));
    expect(types(events).at(-1)).toBe("jobEnded");
    await expect(runJob(job)).rejects.toThrow(mrError("OUTPUT_EXISTS", '"mr-out-0"'));
    rmSync(join(job.out, "mr-out-0"));
    await runJob(job);
    expect(lines(job.out).filter(({ type }) => type === "jobStarted")).toHaveLength(1);
  });

  it("cannot be written, and the job is completed all the same", async () => {
    const job = options();
    mkdirSync(join(job.out, EVENT_LOG_NAME), { recursive: true });
    const logged: string[] = [];
    const { outputs } = await runJob({ ...job, log: (line) => logged.push(line) });
    expect(outputs.every((path) => existsSync(path))).toBe(true);
    expect(logged).toContainEqual(expect.stringMatching(/^Cannot write event log .*EISDIR/));
  });

  it("is never an input of its own job", async () => {
    const job = options();
    mkdirSync(job.out);
    const own = join(job.out, EVENT_LOG_NAME);
    writeFileSync(own, "events");
    await expect(runJob({ ...job, inputs: [own] })).rejects.toThrow(
      mrError("OUTPUT_EXISTS", `"${own}"`),
    );
    expect(readFileSync(own, "utf8")).toBe("events");
  });
});
