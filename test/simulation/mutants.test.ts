// Tests test/simulation: it notices each of these defects.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import type { SimulationResult } from "./simulate.ts";

/*
 * A simulation that notices nothing proves nothing. Here the sources are broken on purpose, each time
 * in one place, and the simulation must notice.
 */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ENTRY = fileURLToPath(new URL("./simulate.ts", import.meta.url));
const SEEDS = 400;

interface Mutant {
  readonly title: string;
  readonly file: string;
  readonly replace: string;
  readonly by: string;
  /** What has to go wrong for it to be noticed, where that is rare. */
  readonly faults?: Faults;
}

const SCHEDULER = "src/mr/control/scheduler/scheduler.ts";
const TASKS = "src/mr/control/scheduler/job-tasks.ts";
const TABLE = "src/mr/control/scheduler/task-table.ts";
const RUN_TASKS = "src/mr/worker/run-tasks.ts";
const LOG = "src/mr/control/log/entry-job-log.ts";
const PUBLISHER = "src/mr/control/coordinator/publisher.ts";
const DEPOSED: Faults = { ...NO_FAULTS, everyMs: 300, kinds: ["deposeCoordinator"] };
const CONTROL = "src/mr/control/coordinator/job-control.ts";

const MUTANTS: readonly Mutant[] = [
  {
    title: "grants the commit to both attempts of a task",
    file: SCHEDULER,
    replace: "task.leases.filter((other) => other !== lease)",
    by: "[]",
  },
  {
    title: "takes the report of a lost attempt for that of a live one",
    file: TASKS,
    replace: ".leases.find(({ attempt }) => attempt === id.attempt)",
    by: ".leases.at(0)",
  },
  {
    title: "never ends a lease",
    file: SCHEDULER,
    replace: "if (lease.endsMs > nowMs) break;",
    by: "if (lease.endsMs > 0) break;",
  },
  {
    title: "never ends an attempt that computes for ever",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (nowMs > 0) break;",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "ends an attempt before its time is up",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (lease.startedMs + this.#shape.taskTimeoutMs / 2 > nowMs) break;",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "counts the time of an attempt from its last progress",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (lease.renewedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "lets an attempt go on that took too long",
    file: SCHEDULER,
    replace: 'this.#countFailure(task, lease, { code: "TASK_TIMED_OUT", timeoutMs }, effects);',
    by: 'this.#countFailure(task, lease, { code: "TASK_TIMED_OUT", timeoutMs }, effects);\n    task.leases.push(lease);',
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "takes a damaged map output for a failure of the reduce task",
    file: SCHEDULER,
    replace: `event.phase === "reduce" ? (event.damagedMaps ?? []) : []`,
    by: "[]",
  },
  {
    title: "hands out reduce tasks although a map output is lost",
    file: TASKS,
    replace: "return this.#maps.allCompleted ? this.reduces : this.#maps;",
    by: "return this.#maps.completions >= this.#maps.size ? this.reduces : this.#maps;",
  },
  {
    title: "starts a backup before the lease time has passed",
    file: TASKS,
    replace: "|| dueMs > nowMs) return undefined;",
    by: ") return undefined;",
  },
  {
    title: "does not tell waiting workers of the end",
    file: SCHEDULER,
    replace: `for (const worker of this.#waiting) effects.push({ type: "dismiss", worker });`,
    by: "",
  },
  {
    title: "lets only one worker wait",
    file: SCHEDULER,
    replace: "if (held === undefined) this.#waiting.add(worker);",
    by: "if (held === undefined && this.#waiting.size === 0) this.#waiting.add(worker);\n    else if (held === undefined) return;",
  },
  {
    title: "forgets a task whose attempt was lost",
    file: TABLE,
    replace: `    task.state = "idle";
    this.#inProgress -= 1;
    this.#queue.push(task.index);`,
    by: `    task.state = "idle";
    this.#inProgress -= 1;`,
  },
  {
    title: "counts a map task as completed whose output is lost",
    file: TABLE,
    replace: "    this.#completed -= 1;\n",
    by: "",
  },
  {
    title: "gives a task as many backups as there are workers",
    file: TABLE,
    replace: "if (task.backups < maxBackups) this.#alone.add(lease);",
    by: "this.#alone.add(lease);",
  },
  {
    title: "does not keep what is completed",
    file: "src/mr/control/coordinator/decision.ts",
    replace:
      "return { type, phase, task, attempt, result: present(scheduler.resultOf(phase, task)) };",
    by: "return { type, phase, task, attempt } && undefined;",
  },
  {
    title: "forgets what is completed when it resumes",
    file: CONTROL,
    replace: `this.#step({ type: "resume", completed });`,
    by: `this.#step({ type: "resume", completed: [] });`,
  },
  {
    title: "tells of decisions before they are kept",
    file: PUBLISHER,
    replace: "if (isKept) this.#begun += 1;",
    by: "",
  },
  {
    title: "goes on although another coordinator has written to its log",
    file: PUBLISHER,
    replace: `error.code === "LOG_TAKEN"`,
    by: "error.code === undefined",
    faults: DEPOSED,
  },
  {
    title: "ignores that its log refuses an append",
    file: LOG,
    replace: "if (writer !== undefined) break;",
    by: "if (writer !== undefined) return;",
    faults: DEPOSED,
  },
  {
    title: "takes its own entry for that of another coordinator when an answer is lost",
    file: LOG,
    replace: "if (writer === this.#writer) return;",
    by: "",
    faults: { ...NO_FAULTS, loseAppend: 0.3 },
  },
  {
    title: "does not wait for its log to be written",
    file: LOG,
    replace: "    return this.#next;",
    by: "    this.#next.catch(() => undefined);\n    return Promise.resolve();",
  },
  {
    title: "does not try an append again that got lost",
    file: LOG,
    replace: "if (tries < MAX_TRIES) continue;",
    by: "if (tries < MAX_TRIES) return;",
    faults: { ...NO_FAULTS, loseAppend: 0.3 },
  },
  {
    title: "does not raise the term when it resumes",
    file: CONTROL,
    replace: "resumed.term + 1",
    by: "resumed.term",
    faults: { ...NO_FAULTS, everyMs: 300, kinds: ["killCoordinator"] },
  },
  {
    title: "tells a worker other sources when it asks again",
    file: "src/mr/control/coordinator/task-requests.ts",
    replace: "if (last !== undefined && this.isRepeated(id)) return last;",
    by: "",
    faults: { ...NO_FAULTS, lose: 0.3, everyMs: 60, kinds: ["spoilFile"] },
  },
  {
    title: "publishes before it may",
    file: RUN_TASKS,
    replace: "if (!(await source.commit(assignment))) return;",
    by: "await made.output.commit();\n    if (!(await source.commit(assignment))) return;",
  },
  {
    title: "publishes twice",
    file: RUN_TASKS,
    replace: "outputs = await made.output.commit();",
    by: "outputs = await made.output.commit();\n      await made.output.commit();",
  },
  {
    title: "publishes a part of its output",
    file: "src/mr/storage/pending-file.ts",
    replace: "      outputs.push(summary);\n",
    by: "      outputs.push(summary);\n      if (outputs.length === 2) break;\n",
  },
  {
    title: "reports what it has not published",
    file: "src/mr/worker/run-tasks.ts",
    replace: "outputs = await made.output.commit();",
    by: "outputs = [];",
  },
];

let directory: string;
beforeAll(() => {
  directory = temporaryDirectory();
});

/** The simulation, with one piece of the sources replaced. */
async function simulateWith(
  mutant: Mutant,
  index: number,
  seeds: number,
): Promise<SimulationResult> {
  const outfile = join(directory, `${index}.mjs`);
  const path = join(ROOT, mutant.file);
  const source = readFileSync(path, "utf8");
  expect(source.split(mutant.replace), "the sources have changed").toHaveLength(2);
  const contents = source.replace(mutant.replace, () => mutant.by);
  await build({
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
    plugins: [
      {
        name: "mutant",
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, (file) => {
            return file.path === path ? { contents, loader: "ts" } : undefined;
          });
          // The bundle is elsewhere than the files of the package.
          onLoad({ filter: /base\/assets\.ts$/ }, (file) => {
            const url = JSON.stringify(pathToFileURL(file.path).href);
            const text = readFileSync(file.path, "utf8");
            return { contents: text.replaceAll("import.meta.url", url), loader: "ts" };
          });
        },
      },
    ],
  });
  const { simulate } = await import(/* @vite-ignore */ pathToFileURL(outfile).href);
  return simulate(1, seeds, mutant.faults);
}

describe("the simulation notices a coordinator or worker that", () => {
  for (const [index, mutant] of MUTANTS.entries()) {
    it(mutant.title, async () => {
      const { failures } = await simulateWith(mutant, index, SEEDS);
      expect(failures).toHaveLength(1);
    });
  }

  it("is found only by what is broken: without a mutation, it finds nothing", async () => {
    const piece = "export class Scheduler {";
    const unchanged = { title: "nothing", file: SCHEDULER, replace: piece, by: piece };
    expect((await simulateWith(unchanged, MUTANTS.length, 50)).failures).toEqual([]);
  });
});
