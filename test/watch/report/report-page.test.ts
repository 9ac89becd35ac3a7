import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";
import { EVENT_LOG_NAME } from "../../../src/mr/job/names.ts";
import { markup } from "../../../src/mr/watch/format/markup.ts";
import { parseEvent } from "../../../src/mr/watch/history/event-schema.ts";
import {
  HistoryBuilder,
  type JobHistory,
  readHistory,
} from "../../../src/mr/watch/history/job-history.ts";
import type { OutputSurvey } from "../../../src/mr/watch/report/output-survey.ts";
import { surveyOutput } from "../../../src/mr/watch/report/output-survey.ts";
import { renderReport } from "../../../src/mr/watch/report/report-page.ts";
import { renderResultChart } from "../../../src/mr/watch/report/result-chart.ts";
import { drawDurations } from "../../../src/mr/watch/report/skew.ts";
import { ValueSpread } from "../../../src/mr/watch/report/value-statistics.ts";
import { renderPng } from "../../../src/mr/watch/report/write-report.ts";
import { timed } from "../../support/job-events.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { NASTY } from "./arbitraries.ts";
import { checkMarkup } from "./check-markup.ts";

const NOTHING = { records: 0, bytes: 0, cpuMs: 0 };

/** A job in which everything happens that a report tells of, with this text wherever text goes. */
function eventfulJob(text = "text"): JobEvent[] {
  const map = (task: number, attempt: number, worker: number) => {
    return { phase: "map", task, attempt, worker } as const;
  };
  const failure = { code: "APP_THREW", message: text, stack: `${text}\n  at ${text}` } as const;
  const counters = { [text]: 3, "skipped-records": 2 };
  const reduce = { phase: "reduce", task: 0, attempt: 1, worker: 2 } as const;
  return timed([
    {
      type: "jobStarted",
      directory: text,
      startedAt: 1.7e12,
      resumed: false,
      term: 1,
      leaseMs: 1000,
    },
    {
      type: "jobPlanned",
      app: text,
      splits: [0, 1].map((n) => ({ file: text, start: 10 * n, end: 10 * n + 10 })),
      reduces: 1,
    },
    { type: "workerJoined", worker: 1, pid: 11 },
    { type: "workerJoined", worker: 2, pid: 22 },
    { type: "attemptStarted", ...map(0, 1, 1), isBackup: false },
    { type: "attemptLost", ...map(0, 1, 1), reason: "workerGone" },
    { type: "workerLeft", worker: 1 },
    { type: "attemptStarted", ...map(0, 2, 2), isBackup: false },
    { type: "attemptFailed", ...map(0, 2, 2), failure },
    { type: "attemptStarted", ...map(0, 3, 2), isBackup: true },
    { type: "attemptCompleted", ...map(0, 3, 2), progress: NOTHING, outputBytes: [50], counters },
    { type: "attemptStarted", ...map(1, 1, 2), isBackup: false },
    {
      type: "attemptCompleted",
      ...map(1, 1, 2),
      progress: NOTHING,
      outputBytes: [70],
      counters,
      skipped: [{ file: text, place: text, reason: `why ${text}` }],
    },
    { type: "phaseStarted", phase: "reduce" },
    { type: "attemptStarted", ...reduce, isBackup: false },
    { type: "attemptFailed", ...reduce, failure },
    { type: "jobEnded", outcome: { state: "failed", failure } },
  ]);
}

function surveyOf(keys: readonly string[], label = "value"): OutputSurvey {
  const spread = new ValueSpread();
  const top = keys.map((key, at) => ({ key, value: keys.length - at }));
  for (const { value } of top) spread.add(value);
  const problems: string[] = [];
  return { files: 1, lines: keys.length, bytes: 9, label, isLength: false, top, spread, problems };
}

function historyOf(events: readonly JobEvent[]): JobHistory | undefined {
  const builder = new HistoryBuilder();
  for (const event of events) builder.add(event);
  return builder.history;
}

function report(events: readonly JobEvent[], survey = surveyOf(["a"])): string {
  const history = historyOf(events);
  if (history === undefined) throw new Error("There is no job in these events");
  return renderReport(history, survey);
}

/** What people read of a page. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf("<body>"), page.indexOf("<script>"));
  return body.replaceAll(/<[^>]*>/g, "\n").replaceAll("&#39;", "'");
}

describe("the report of a job", () => {
  it("tells what happened in it", () => {
    const text = textOf(report(eventfulJob("wc.ts")));
    expect(text).toContain("failed");
    expect(text).toContain("4 records could not be used, and were left out");
    expect(text).toContain("Map task 0, attempt 1, on worker 1, was lost: its worker was gone");
    expect(text).toMatch(/map 0\s+wc\.ts, bytes 0 to 10/);
    expect(text).toContain("map task 0, backup, attempt 3: completed");
    expect(text).toContain("map 0 → reduce 0: 50 B");
    expect(text).toMatch(/Skipped records[\s\S]*why wc\.ts/);
  });

  it("says once how many records were left out, and how many of them it lists", () => {
    const text = textOf(report(eventfulJob("wc.ts")));
    expect(text).not.toContain("skipped-records");
    expect(text.match(/Counters\s+Counter\s+Count\s+wc\.ts\s+6\s/)).not.toBeNull();
    expect(text).toContain("The list has 1 of 4.");
    const bare = eventfulJob().map((event) => {
      return "counters" in event ? { ...event, counters: { "skipped-records": 1 } } : event;
    });
    expect(textOf(report(bare))).not.toMatch(/Counters/);
  });

  it("marks what came to nothing, and leads to what took it over", () => {
    const page = report(eventfulJob());
    expect(page.match(/class="cross"/g)).toHaveLength(3);
    // From the lost attempt to the failed one, and from there to the one that was completed.
    expect(page.match(/class="again" d="M[^"]*C/g)).toHaveLength(2);
  });

  it("has each text in its place, whatever it is", () => {
    const texts = fc.tuple(NASTY, NASTY, fc.array(NASTY, { minLength: 1, maxLength: 20 }));
    fc.assert(
      fc.property(texts, ([text, label, keys]) => {
        const page = report(eventfulJob(text), surveyOf(keys, label));
        expect(page.isWellFormed()).toBe(true);
        expect(checkMarkup(page)).toEqual({ script: 1, style: 1 });
      }),
      { numRuns: 60 },
    );
  });

  it("asks for nothing from anywhere", () => {
    const page = report(eventfulJob());
    expect(page).not.toMatch(/https?:|@import|url\(|<(img|iframe|object|embed|base)|src=/);
  });

  it.each<[string, number, RegExp]>([
    ["has only been started", 1, /not ended[\s\S]*No worker has joined the job/],
    ["was killed before its first task was given away", 4, /No task was ever begun/],
    ["was killed in the middle of it", 12, /The event log has no end/],
  ])("is there for a job that %s", (_, length, expected) => {
    const page = report(eventfulJob().slice(0, length), surveyOf([]));
    expect(textOf(page)).toMatch(expected);
    checkMarkup(page);
  });

  it("puts the coordinators of a job that was resumed one after the other", () => {
    const first = eventfulJob().slice(0, 12);
    const next: UntimedEvent[] = [
      {
        type: "jobStarted",
        directory: "d",
        startedAt: 1.8e12,
        resumed: true,
        term: 2,
        leaseMs: 1000,
      },
      { type: "jobPlanned", app: "a", splits: [{ file: "f", start: 0, end: 1 }], reduces: 1 },
      {
        type: "taskRestored",
        phase: "map",
        task: 0,
        progress: NOTHING,
        outputBytes: [5],
        counters: { restored: 7 },
      },
      { type: "workerJoined", worker: 1, pid: 33 },
      { type: "jobEnded", outcome: { state: "cancelled", reason: "interrupted" } },
    ];
    const text = textOf(report([...first, ...timed(next)]));
    expect(text).toMatch(/resumed once[\s\S]*ended early: interrupted/);
    expect(text).toMatch(/Workers\s+3\s+1 left before the end/);
    expect(text).toMatch(/restored\s+7/);
  });

  it("has room for the last time on the axis of a chart", () => {
    const { width, content } = drawDurations([396, 100, 50], "map");
    const labels = [...content.text.matchAll(/middle" x="([\d.]+)"[^>]*>([^<]*)</g)];
    expect(labels.at(-1)?.[2]).toBe("400 ms");
    // About as wide as letters get in this size.
    for (const [, x, text = ""] of labels)
      expect(Number(x) + 3.5 * text.length).toBeLessThan(width);
  });

  it("stays small however many tasks a job has", () => {
    const events: UntimedEvent[] = [
      { type: "jobStarted", directory: "d", startedAt: 0, resumed: false, term: 1, leaseMs: 1000 },
      {
        type: "jobPlanned",
        app: "a",
        splits: Array.from({ length: 10_000 }, () => ({ file: "f", start: 0, end: 1 })),
        reduces: 500,
      },
    ];
    for (let worker = 0; worker < 200; worker++) {
      events.push({ type: "workerJoined", worker, pid: worker });
    }
    for (let task = 0; task < 10_000; task++) {
      const id = { phase: "map", task, attempt: 1, worker: task % 200 } as const;
      events.push({ type: "attemptStarted", ...id, isBackup: false });
      const outputBytes = task < 100 ? new Array<number>(500).fill(task) : [];
      events.push(
        task % 10 === 0
          ? {
              type: "attemptFailed",
              ...id,
              failure: { code: "APP_THREW", message: `failure ${task}` },
            }
          : { type: "attemptCompleted", ...id, progress: NOTHING, outputBytes, counters: {} },
      );
    }
    expect(report(timed(events)).length).toBeLessThan(500_000);
  });
});

describe("the event log of a report", () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });

  it("is read back as it was written, and what is damaged in it is left out", async () => {
    const events = eventfulJob("é\u2028");
    const lines = events.map((event) => JSON.stringify(event));
    for (const line of lines) expect(JSON.stringify(parseEvent(line))).toBeTruthy();
    const damaged = [
      ...lines,
      "{",
      '{"type":"x"}',
      "null",
      '{"type":"jobPlanned","atMs":1}',
      lines[0]?.slice(9),
    ];
    writeFileSync(join(directory, EVENT_LOG_NAME), damaged.join("\n"));
    const history = await readHistory(directory);
    const survey = surveyOf(["a"]);
    expect(renderReport(history, survey)).toBe(report(events, survey));
  });

  it("is damaged at random, and still there is a report, or no job", () => {
    const log = Buffer.from(
      eventfulJob()
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(""),
    );
    const damages = fc.array(fc.tuple(fc.nat(log.length - 1), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(damages, (bytes) => {
        const copy = Buffer.from(log);
        for (const [at, byte] of bytes) copy[at] = byte;
        const events = copy
          .toString()
          .split("\n")
          .flatMap((line) => parseEvent(line) ?? []);
        const history = historyOf(events);
        if (history !== undefined) checkMarkup(renderReport(history, surveyOf(["a"])));
      }),
      { numRuns: 100 },
    );
  });

  it("has numbers that make no sense, and still there is a report", () => {
    const lines = eventfulJob().map((event) => JSON.stringify(event));
    const absurd = ["1e999", "-1e999", "-1", "-0.5", "1e308", "1e17", "9007199254740993", "0.5"];
    for (const [at, line] of lines.entries()) {
      for (const { index, 0: number } of line.matchAll(/(?<=[:[,])\d[\d.e+]*/g)) {
        for (const other of absurd) {
          const changed = line.slice(0, index) + other + line.slice(index + number.length);
          const events = lines.with(at, changed).flatMap((text) => parseEvent(text) ?? []);
          const history = historyOf(events);
          if (history === undefined) continue;
          expect(renderReport(history, surveyOf(["a"])), changed).not.toMatch(/NaN|Infinity/);
        }
      }
    }
  });

  it.each([
    '{"type":"workerLeft","worker":1,"atMs":1e999}',
    '{"type":"workerLeft","worker":1,"atMs":-1}',
    '{"type":"workerLeft","worker":1,"atMs":1e16}',
    '{"type":"workerLeft","worker":1e300,"atMs":1}',
    '{"type":"taskReopened","phase":"map","task":1e999,"atMs":1}',
    '{"type":"jobStarted","directory":"","startedAt":1e17,"resumed":false,"leaseMs":1,"atMs":0}',
    '{"type":"jobStarted","directory":"","startedAt":-1,"resumed":false,"leaseMs":1,"atMs":0}',
    '{"type":"taskRestored","phase":"map","task":0,"outputBytes":[],"counters":{"a":1e999},"atMs":1}',
    '{"type":"taskRestored","phase":"map","task":0,"outputBytes":[1e999],"counters":{},"atMs":1}',
  ])("leaves out what no job can have written: %s", (line) => {
    expect(parseEvent(line)).toBeUndefined();
  });

  it("must be there", async () => {
    await expect(readHistory(directory)).rejects.toThrow(mrError("HISTORY_UNREADABLE", directory));
    writeFileSync(join(directory, EVENT_LOG_NAME), "nonsense\n");
    await expect(readHistory(directory)).rejects.toThrow(
      mrError("HISTORY_UNREADABLE", EVENT_LOG_NAME),
    );
    expect((await surveyOutput(directory)).files).toBe(0);
  });
});

describe("the chart of a result", () => {
  it("is SVG that an XML parser takes, whatever the keys are", async () => {
    const { Resvg } = await import("@resvg/resvg-js");
    fc.assert(
      fc.property(NASTY, fc.array(NASTY, { maxLength: 20 }), (title, keys) => {
        const { content, width, height } = renderResultChart(surveyOf(keys, title), title);
        const image = new Resvg(content.text, { font: { loadSystemFonts: false } });
        expect([image.width, image.height]).toEqual([width, height]);
      }),
      { numRuns: 60 },
    );
  });

  it("is a PNG of the same size in double resolution", async () => {
    const chart = renderResultChart(surveyOf(["the"]), "words");
    const png = await renderPng(chart);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const size = [png.readUInt32BE(16), png.readUInt32BE(20)];
    expect(size).toEqual([2 * chart.width, 2 * chart.height]);
  });

  it.each(["the", "größte", "Привет", "λόγος", "Łódź"])(
    "has the text %s on a machine without fonts",
    async (text) => {
      const pngOf = (shown: string) => {
        const content = markup`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20">${shown}</text></svg>`;
        return renderPng({ content, width: 90, height: 30, name: "" });
      };
      const [png, blank] = await Promise.all([pngOf(text), pngOf("")]);
      expect(png.length - blank.length).toBeGreaterThan(100 * text.length);
    },
  );
});
