import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import { WrongResultError } from "./check-results.ts";
import type { ControlLoad, ControlResult } from "./control/control-load.ts";
import { median } from "./statistics.ts";

const PROGRAM = fileURLToPath(new URL("./control/control-load.ts", import.meta.url));
const WORKERS = 200;
const DECISIONS_PER_SECOND = 50_000;
const REQUESTS_PER_SECOND = 3000;
const P99_MS = 20;
/** Of the 90 seconds that 100,000 tasks take at this rate. The coordinator's code is compiled by then. */
const WARM_UP_MS = 2000;
/** Slightly above the required rate, so that the rate that is reached meets it. */
const OFFERED_PER_SECOND = 1.1 * REQUESTS_PER_SECOND;

export const p9: Benchmark = {
  name: "P9",
  work: "control: 100,000 tasks, 200 workers",
  target: "≥ 50,000 decisions/s; ≥ 3,000 requests/s, p99 ≤ 20 ms",
  rounds: 3,
  prepare: ({ program, quick }) => {
    const results: ControlResult[] = [];
    const share = quick ? 20 : 1;
    const load = (folder: string): ControlLoad => ({
      coordinator: coordinatorBeside(program),
      folder,
      workers: WORKERS,
      scheduler: { maps: 90_000 / share, reduces: 10_000 / share },
      socket: { maps: 20_000 / share, reduces: 10 },
      requestsPerSecond: OFFERED_PER_SECOND,
      warmUpMs: quick ? 0 : WARM_UP_MS,
    });
    return Promise.resolve({
      ours: {
        label: "200 simulated workers",
        command: (out) => ({
          program: process.execPath,
          arguments: ["--import", import.meta.resolve("tsx"), PROGRAM, JSON.stringify(load(out))],
        }),
        check: (_out, { stdout }) => {
          results.push(parse(stdout));
          return Promise.resolve();
        },
      },
      inputs: [],
      judge: () => judge(results),
    });
  },
};

/** The command that was built with `tsmr`, or its sources, which start more slowly. */
function coordinatorBeside(program: string): string[] {
  const built = join(dirname(program), "mrcoordinator.js");
  if (existsSync(built)) return [built];
  const source = fileURLToPath(new URL("../../src/main/mrcoordinator.ts", import.meta.url));
  return ["--import", import.meta.resolve("tsx"), source];
}

/** The load itself fails when a task is completed twice or not at all, or a report is refused. */
function parse(stdout: string): ControlResult {
  const { scheduler, steady, flatOut }: Partial<ControlResult> = JSON.parse(stdout);
  if (scheduler === undefined || steady === undefined || flatOut === undefined) {
    throw new WrongResultError(`the load has no result: ${stdout.slice(0, 200)}`);
  }
  return { scheduler, steady, flatOut };
}

function judge(results: readonly ControlResult[]) {
  const middle = (figure: (result: ControlResult) => number) => median(results.map(figure));
  const decisions = middle(({ scheduler }) => scheduler.decisions / scheduler.seconds);
  const requests = middle(({ steady }) => steady.requests / steady.seconds);
  const p99Ms = middle(({ steady }) => steady.p99Ms);
  const flatOut = middle(({ flatOut: { requests: count, seconds } }) => count / seconds);
  const met =
    decisions >= DECISIONS_PER_SECOND && requests >= REQUESTS_PER_SECOND && p99Ms <= P99_MS;
  const figure =
    `${whole(decisions)} decisions/s; ${whole(requests)} requests/s, p99 ${p99Ms.toFixed(1)} ms; ` +
    `at most ${whole(flatOut)} requests/s`;
  return { figure, met };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
