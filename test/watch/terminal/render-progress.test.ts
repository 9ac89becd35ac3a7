import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { widthOf } from "../../../src/mr/watch/format/text-width.ts";
import type { ProgressState } from "../../../src/mr/watch/terminal/job-progress.ts";
import {
  renderProgress,
  summarizeProgress,
} from "../../../src/mr/watch/terminal/render-progress.ts";

const STATE: ProgressState = {
  app: "wc.ts",
  phase: "map",
  elapsedMs: 12_345,
  maps: { completed: 43, running: 2, total: 120 },
  reduces: { completed: 0, running: 0, total: 10 },
  speed: { recordsPerS: 1_234_567, bytesPerS: 98_765_432 },
  leftMs: 33_000,
  workers: [
    {
      worker: 1,
      attempt: {
        phase: "map",
        task: 44,
        attempt: 1,
        isBackup: false,
        elapsedMs: 3100,
        file: "books/pg-grimm.txt",
      },
    },
    {
      worker: 2,
      attempt: {
        phase: "map",
        task: 45,
        attempt: 2,
        isBackup: false,
        elapsedMs: 200,
        file: "books/of/a/long/path/in/a/deep/folder/pg-tom_sawyer.txt",
      },
    },
    { worker: 10, attempt: undefined },
  ],
};

function render(state: ProgressState, columns: number, rows = 24, unicode = true): string[] {
  return renderProgress(state, { columns, rows, unicode, style: (_, text) => text });
}

describe("the live display", () => {
  it("shows phases, speed, time left, and what each worker does, at 80 columns", () => {
    expect(render(STATE, 80)).toEqual([
      "wc.ts · 12 s · 1.23M records/s · 98.8 MB/s · 35 s of maps left",
      "maps     ██████████████▒░░░░░░░░░░░░░░░░░░░░░░░░░  43/120, 2 running",
      "reduces  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0/10",
      "worker 1   map 44               3.1 s  books/pg-grimm.txt",
      "worker 2   map 45 (attempt 2)   0.2 s  pg-tom_sawyer.txt",
      "worker 10  waits",
    ]);
  });

  it("shows whichever speed there is", () => {
    const header = (recordsPerS: number, bytesPerS: number) =>
      render({ ...STATE, speed: { recordsPerS, bytesPerS } }, 80)[0];
    expect(header(1000, 0)).toBe("wc.ts · 12 s · 1,000 records/s · 35 s of maps left");
    expect(header(0, 1024)).toBe("wc.ts · 12 s · 1.02 kB/s · 35 s of maps left");
    expect(header(0, 0)).toBe("wc.ts · 12 s · 35 s of maps left");
  });

  it("has its usual size on a terminal that does not know its own", () => {
    expect(render(STATE, 0, 0)).toEqual(render(STATE, 80, 24));
  });

  it("leaves out what matters least where it is narrow, and goes without bars where it is narrower", () => {
    expect(render(STATE, 50)).toEqual([
      "wc.ts · 12 s · 35 s of maps left",
      "maps     ██████▒░░░░░░░░░░  43/120, 2 running",
      "reduces  ░░░░░░░░░░░░░░░░░   0/10",
      "worker 1   map 44               3.1 s  pg-grim…",
      "worker 2   map 45 (attempt 2)   0.2 s  pg-tom_…",
      "worker 10  waits",
    ]);
    expect(render(STATE, 24)).toEqual([
      "wc.ts · 12 s",
      "maps  43/120, 2 runn…",
      "reduces   0/10",
      "worker 1   map 44   …",
      "worker 2   map 45 (a…",
      "worker 10  waits",
    ]);
  });

  it("does without letters that a terminal may not have", () => {
    const lines = render(STATE, 80, 24, false);
    expect(lines.slice(0, 2)).toEqual([
      "wc.ts, 12 s, 1.23M records/s, 98.8 MB/s, 35 s of maps left",
      "maps     ##############+.........................  43/120, 2 running",
    ]);
  });

  it("has fewer lines than the terminal, and says how many workers it leaves out", () => {
    const workers = Array.from({ length: 100 }, (_, index) => ({
      worker: index + 1,
      attempt: index % 2 === 0 ? STATE.workers[0]?.attempt : undefined,
    }));
    expect(render({ ...STATE, workers }, 80, 8).slice(3)).toEqual([
      "worker 1  map 44   3.1 s  books/pg-grimm.txt",
      "worker 2  waits",
      "worker 3  map 44   3.1 s  books/pg-grimm.txt",
      "and 97 more workers, 48 busy",
    ]);
    expect(render({ ...STATE, workers }, 80, 100)).toHaveLength(3 + 16);
  });

  it("shows a task that runs, be there ever so many", () => {
    const maps = { completed: 0, running: 1, total: 10_000 };
    expect(render({ ...STATE, maps }, 80)[1]).toContain("▒░");
  });

  it("lets no control characters of file names and apps through", () => {
    const [first] = STATE.workers;
    const attempt = { ...first?.attempt, file: "a\x1b[2J\nb" } as NonNullable<
      (typeof STATE.workers)[number]["attempt"]
    >;
    const lines = render({ ...STATE, app: "x\x07.ts", workers: [{ worker: 1, attempt }] }, 80);
    expect(lines[0]).toMatch(/^x\ufffd\.ts/);
    expect(lines[3]).toBe("worker 1  map 44   3.1 s  a\ufffd[2J\ufffdb");
  });

  it("never breaks a line or outgrows the terminal, whatever the state and the size", () => {
    const counts = fc
      .tuple(fc.nat(10_000), fc.nat(10_000), fc.nat(100_000))
      .map(([completed, running, idle]) => ({
        completed,
        running,
        total: completed + running + idle,
      }));
    const attempt = fc.record({
      phase: fc.constantFrom("map" as const, "reduce" as const),
      task: fc.nat(),
      attempt: fc.integer({ min: 1, max: 99 }),
      isBackup: fc.boolean(),
      elapsedMs: fc.nat(),
      file: fc.option(fc.string({ unit: "grapheme", maxLength: 100 }), { nil: undefined }),
    });
    const state: fc.Arbitrary<ProgressState> = fc.record({
      app: fc.option(fc.string({ unit: "grapheme", maxLength: 100 })),
      phase: fc.constantFrom("map", "reduce"),
      elapsedMs: fc.nat(),
      maps: counts,
      reduces: counts,
      speed: fc.option(fc.record({ recordsPerS: fc.nat(), bytesPerS: fc.nat() }), {
        nil: undefined,
      }),
      leftMs: fc.option(fc.nat(), { nil: undefined }),
      workers: fc.array(
        fc.record({ worker: fc.nat(), attempt: fc.option(attempt, { nil: undefined }) }),
      ),
    });
    const size = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(state, size, size, fc.boolean(), (given, columns, rows, unicode) => {
        const lines = render(given, columns, rows, unicode);
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(Math.max(1, columns - 3));
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });
});

describe("the line about a job", () => {
  it("says the same without a terminal", () => {
    expect(summarizeProgress(STATE)).toBe(
      "43 of 120 maps, 0 of 10 reduces, 12 s, 1.23M records/s, 98.8 MB/s, 35 s of maps left",
    );
  });

  it("does without what is not known yet", () => {
    const { app, phase, elapsedMs, maps, reduces } = STATE;
    const early = { app, phase, elapsedMs, maps, reduces, speed: undefined, leftMs: undefined };
    expect(summarizeProgress({ ...early, workers: [] })).toBe(
      "43 of 120 maps, 0 of 10 reduces, 12 s",
    );
  });
});
