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
  /** Words of the failure by which it must be noticed: any other would be noticed by accident. */
  readonly breaks: string;
  /** What has to go wrong for it to be noticed, where that is rare. */
  readonly faults?: Faults;
}

const SCHEDULER = "src/mr/control/scheduler/scheduler.ts";
const TASKS = "src/mr/control/scheduler/job-tasks.ts";
const TABLE = "src/mr/control/scheduler/task-table.ts";
const RUN_TASKS = "src/mr/worker/run-tasks.ts";
const LOG = "src/mr/control/log/entry-job-log.ts";
const PUBLISHER = "src/mr/control/coordinator/publisher.ts";
const DECISION = "src/mr/control/coordinator/decision.ts";
const HANDLERS = "src/mr/control/coordinator/protocol-handlers.ts";
const CONTROL = "src/mr/control/coordinator/job-control.ts";
const PENDING_FILE = "src/mr/storage/pending-file.ts";
const REDUCE_TASK = "src/mr/data/task/reduce-task.ts";
const CHECK_FILE = "src/mr/storage/check-file.ts";
const RESULT_CHECK = "src/mr/engines/local/result-check.ts";

/** Pieces of the sources. */
const PEND = "this.#pending.push({ decision, atMs: this.#elapsedMs(), appends: this.#begun });";
const PUBLISH = 'attemptOutput("publish", target, () => publish(path, target));';

const SPOILT: Faults = { ...NO_FAULTS, everyMs: 60, kinds: ["spoilFile"] };
const DEPOSED: Faults = { ...NO_FAULTS, everyMs: 300, kinds: ["deposeCoordinator"] };
const SPOILT_RESUMED: Faults = { ...SPOILT, kinds: ["spoilFile", "killCoordinator"] };
const BROKEN_LOG: Faults = { ...NO_FAULTS, breakLog: 0.1 };

const MUTANTS: readonly Mutant[] = [
  {
    title: "grants the commit to both attempts of a task",
    file: SCHEDULER,
    replace: "task.leases.filter((other) => other !== lease)",
    by: "[]",
    breaks: "one attempt of a task may publish",
  },
  {
    title: "takes the report of a lost attempt for that of a live one",
    file: TASKS,
    replace: ".leases.find(({ attempt }) => attempt === id.attempt)",
    by: ".leases.at(0)",
    breaks: "the report of a lost attempt does not count",
  },
  {
    title: "never ends a lease",
    file: SCHEDULER,
    replace: "if (lease.endsMs > nowMs) break;",
    by: "if (lease.endsMs > 0) break;",
    breaks: "no attempt outlives its lease",
  },
  {
    title: "never ends an attempt that computes for ever",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (nowMs > 0) break;",
    breaks: "no attempt outlives the task timeout",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "ends an attempt before its time is up",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (lease.startedMs + this.#shape.taskTimeoutMs / 2 > nowMs) break;",
    breaks: "an attempt has its time",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "counts the time of an attempt from its last progress",
    file: SCHEDULER,
    replace: "if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    by: "if (lease.renewedMs + this.#shape.taskTimeoutMs > nowMs) break;",
    breaks: "no attempt outlives the task timeout",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "lets an attempt go on that took too long",
    file: SCHEDULER,
    replace: 'const failure = { code: "TASK_TIMED_OUT",',
    by: 'task.leases.push(lease);\n    const failure = { code: "TASK_TIMED_OUT",',
    breaks: "the report of a lost attempt does not count",
    faults: { ...NO_FAULTS, getStuck: 0.5 },
  },
  {
    title: "takes a damaged map output for a failure of the reduce task",
    file: SCHEDULER,
    replace: `event.phase === "reduce" ? (event.damagedMaps ?? []) : []`,
    by: "[]",
    breaks: "damaged input is no failure of its reader",
  },
  {
    title: "hands out reduce tasks although a map output is lost",
    file: TASKS,
    replace: "return this.maps.allCompleted ? this.reduces : this.maps;",
    by: "return this.maps.completions >= [...this.maps].length ? this.reduces : this.maps;",
    breaks: "a reduce task has all its input",
  },
  {
    title: "starts a backup before the lease time has passed",
    file: TASKS,
    replace: "lease === undefined || this.backupDueMs > nowMs ?",
    by: "lease === undefined ?",
    breaks: "a backup never begins before the lease time",
  },
  {
    title: "does not tell waiting workers of the end",
    file: SCHEDULER,
    replace: `for (const worker of this.#waiting) effects.push({ type: "dismiss", worker });`,
    by: "",
    breaks: "A worker that waited was not told of the end",
  },
  {
    title: "lets only one worker wait",
    file: SCHEDULER,
    replace: "if (held === undefined) this.#waiting.add(worker);",
    by: "if (held === undefined && this.#waiting.size === 0) this.#waiting.add(worker);\n    else if (held === undefined) return;",
    breaks: "A worker that waited was not told of the end",
  },
  {
    title: "refuses a report that is repeated because its answer got lost",
    file: SCHEDULER,
    replace: 'task?.state === "completed" && task.winner === id.attempt;',
    by: "false;",
    breaks: "a winner may report again",
  },
  {
    title: "runs a map task again that has been run again since its output was lost",
    file: SCHEDULER,
    replace: "source.completion <= lease.mapsSeen;",
    by: "true;",
    breaks: "only what a reader was given is reopened",
    faults: { ...SPOILT, delay: 0.4 },
  },
  {
    title: "takes lost results for complete",
    file: SCHEDULER,
    replace: "for (const task of tasks) this.#reopen(task, effects);\n    if (tasks.length === 0) ",
    by: "",
    breaks: "The output of reduce task",
    faults: SPOILT,
  },
  {
    title: "is complete without a look at the results",
    file: SCHEDULER,
    replace: "this.#shape.checksResults !== true",
    by: "true",
    breaks: "The output of reduce task",
    faults: SPOILT,
  },
  {
    title: "gives a task to a worker that no longer waits",
    file: SCHEDULER,
    replace: 'case "withdraw":\n        this.#waiting.delete(event.worker);',
    by: 'case "withdraw":',
    breaks: "a worker gets a task when it asks",
    faults: { ...NO_FAULTS, hangUp: 0.8 },
  },
  {
    title: "gives a number of an attempt twice when it resumes",
    file: TABLE,
    replace: "    task.attempts = attempt;\n    this.#close",
    by: "    this.#close",
    breaks: "the number of an attempt is not used again",
  },
  {
    title: "gives a backup to a task that is being published",
    file: TABLE,
    replace: "    task.granted = lease.attempt;\n    this.#alone.delete(lease);",
    by: "    task.granted = lease.attempt;",
    breaks: "a task that is being published gets no backup",
    faults: { ...NO_FAULTS, pauseInCommit: 0.4 },
  },
  {
    title: "forgets a task whose attempt was lost",
    file: TABLE,
    replace: `    task.state = "idle";
    this.#inProgress -= 1;
    this.#queue.push(task.index);`,
    by: `    task.state = "idle";
    this.#inProgress -= 1;`,
    breaks: "The job makes no progress",
  },
  {
    title: "counts a map task as completed whose output is lost",
    file: TABLE,
    replace: "    this.#completed -= 1;\n",
    by: "",
    breaks: "a reduce task has all its input",
  },
  {
    title: "gives a task as many backups as there are workers",
    file: TABLE,
    replace: "if (task.backups < maxBackups) this.#alone.add(lease);",
    by: "this.#alone.add(lease);",
    breaks: "a task has one backup",
  },
  {
    title: "does not keep what is completed",
    file: DECISION,
    replace:
      "return { type, phase, task, attempt, result: present(scheduler.resultOf(phase, task)) };",
    by: "return { type, phase, task, attempt } && undefined;",
    breaks: 'before the log holds "completed',
  },
  {
    title: "forgets what is completed when it resumes",
    file: CONTROL,
    replace: `this.#step({ type: "resume", completed });`,
    by: `this.#step({ type: "resume", completed: [] });`,
    breaks: "a completed task is not run again",
  },
  {
    title: "tells of decisions before they are kept",
    file: PUBLISHER,
    replace: "if (isKept) this.#begun += 1;",
    by: "",
    breaks: "before the log holds",
  },
  {
    title: "tells events before the append is done",
    file: PUBLISHER,
    replace: PEND,
    by: `for (const event of decision.events) this.#tell({ ...event, atMs: this.#elapsedMs() });
    decision = { ...decision, events: [] };
    ${PEND}`,
    breaks: "A coordinator tells the event",
  },
  {
    title: "lets decisions without records overtake those that wait for the log",
    file: PUBLISHER,
    replace: PEND,
    by: `if (isKept) ${PEND}
    else this.#pending.unshift({ decision, atMs: this.#elapsedMs(), appends: 0 });`,
    breaks: "before the log holds",
  },
  {
    title: "does not keep that a map task runs again",
    file: DECISION,
    replace: 'return { type: "reopened", phase: effect.phase, task: effect.task };',
    by: "return undefined;",
    breaks: 'before the log holds "reopened',
    faults: SPOILT,
  },
  {
    title: "takes a task that was opened again for completed when it resumes",
    file: "src/mr/control/log/job-log.ts",
    replace: "if (!completed.delete(",
    by: "if (!completed.has(",
    breaks: "A new coordinator believes",
    faults: { ...SPOILT, kinds: ["spoilFile", "killCoordinator"] },
  },
  {
    title: "takes every term for the first when it resumes",
    file: "src/mr/control/log/job-log.ts",
    replace: "term = record.term;",
    by: "",
    breaks: "A new coordinator believes",
    faults: { ...NO_FAULTS, everyMs: 300, kinds: ["killCoordinator"] },
  },
  {
    title: "tells events after the end of the job",
    file: PUBLISHER,
    replace: "if (this.#hasToldEnd || this.#isDeposed) return;",
    by: "if (this.#isDeposed) return;",
    breaks: "after the end",
  },
  {
    title: "gives its status before that is kept",
    file: HANDLERS,
    replace: "return this.#answer(() => status);",
    by: "return Promise.resolve(status);",
    breaks: "A coordinator tells the answer to job.status",
  },
  {
    title: "resumes without writing so",
    file: CONTROL,
    replace: 'records: isResumed ? [{ type: "resumed", term }] : [],',
    by: "records: [],",
    breaks: 'before the log holds "resumed',
    faults: DEPOSED,
  },
  {
    title: "goes on telling after it was deposed",
    file: PUBLISHER,
    replace: "      this.#isDeposed = true;\n",
    by: "",
    breaks: "A deposed coordinator tells",
    faults: DEPOSED,
  },
  {
    title: "never finds out that it was deposed when it has nothing to write",
    file: LOG,
    replace: "if (entry !== undefined && entry.writer !== this.#writer) throw taken(index);",
    by: "if (entry === undefined) return;",
    breaks: "A superseded coordinator does not find out",
    faults: DEPOSED,
  },
  {
    title: "asks its log only once whether it was deposed",
    file: PUBLISHER,
    replace: "    this.#checkedMs = this.#elapsedMs();\n",
    by: "    this.#checkedMs = Infinity;\n",
    breaks: "A superseded coordinator does not find out",
    faults: { ...DEPOSED, loseLogRequest: 0.2 },
  },
  {
    title: "goes on although another coordinator has written to its log",
    file: PUBLISHER,
    replace: `error.code === "LOG_TAKEN"`,
    by: "error.code === undefined",
    breaks: "A deposed coordinator tells",
    faults: DEPOSED,
  },
  {
    title: "ignores that its log refuses an append",
    file: LOG,
    replace: "if (writer !== undefined) break;",
    by: "if (writer !== undefined) return;",
    breaks: "before the log holds",
    faults: DEPOSED,
  },
  {
    title: "takes its own entry for that of another coordinator when an answer is lost",
    file: LOG,
    replace: "if (writer === this.#writer) return;",
    by: "",
    breaks: "The only coordinator there was was deposed",
    faults: { ...NO_FAULTS, loseLogRequest: 0.3 },
  },
  {
    title: "does not wait for its log to be written",
    file: LOG,
    replace: "    return this.#next;",
    by: "    this.#next.catch(() => undefined);\n    return Promise.resolve();",
    breaks: "before the log holds",
  },
  {
    title: "does not try an append again that got lost",
    file: LOG,
    replace: "if (tries < MAX_TRIES) continue;",
    by: "if (tries < MAX_TRIES) return;",
    breaks: "before the log holds",
    faults: { ...NO_FAULTS, loseLogRequest: 0.3 },
  },
  {
    title: "does not raise the term when it resumes",
    file: "src/mr/control/coordinator/worker-registry.ts",
    replace: "resumed.term + 1",
    by: "resumed.term",
    breaks: 'The log gets "resumed 1"',
    faults: { ...NO_FAULTS, everyMs: 300, kinds: ["killCoordinator"] },
  },
  {
    title: "tells a worker other sources when it asks again",
    file: "src/mr/control/coordinator/task-requests.ts",
    replace: "if (last !== undefined && this.isRepeated(id)) return last;",
    by: "",
    breaks: "The scheduler decided on something that does not exist",
    faults: { ...NO_FAULTS, lose: 0.3, everyMs: 60, kinds: ["spoilFile"] },
  },
  {
    title: "follows a coordinator of a lower term",
    file: "src/mr/worker/rpc-task-source.ts",
    replace: "return answer.term >= (this.#registration?.term ?? 0);",
    by: "return true;",
    breaks: "A worker follows a deposed coordinator",
    faults: { ...DEPOSED, misroute: 0.3 },
  },
  {
    title: "publishes before it may",
    file: RUN_TASKS,
    replace: "if (observer.outcome !== undefined || !(await source.commit(assignment))) return;",
    by: "await made.output.commit();\n    if (!(await source.commit(assignment))) return;",
    breaks: "publishes without a grant",
  },
  {
    title: "publishes twice",
    file: RUN_TASKS,
    replace: "outputs = await made.output.commit();",
    by: "outputs = await made.output.commit();\n      await made.output.commit();",
    breaks: "publishes twice",
  },
  {
    title: "publishes a part of its output",
    file: PENDING_FILE,
    replace: PUBLISH,
    by: `if (outputs.length !== 1) ${PUBLISH}`,
    breaks: "a completed task has its output",
  },
  {
    title: "reports what it has not published",
    file: PENDING_FILE,
    replace: PUBLISH,
    by: "",
    breaks: "a completed task has its output",
  },
  {
    title: "takes a commit of which the coordinator knows nothing for granted",
    file: "src/mr/worker/rpc-task-source.ts",
    replace: "(await this.#callRegistered(method, params))?.accepted ?? false;",
    by: "(await this.#callRegistered(method, params))?.accepted ?? true;",
    breaks: "publishes without a grant",
    faults: { ...NO_FAULTS, everyMs: 300, kinds: ["killCoordinator"] },
  },
  {
    title: "publishes a result under the name of another",
    file: REDUCE_TASK,
    replace: "const name = reduceOutputName(task);",
    by: "const name = reduceOutputName(0 * task);",
    breaks: "is published with wrong contents",
  },
  {
    title: "publishes a result before it is complete",
    file: REDUCE_TASK,
    replace: "    file.finish();\n",
    by: "",
    breaks: "is published with wrong contents",
  },
  {
    title: "takes a rename for done that did nothing",
    file: REDUCE_TASK,
    replace: "for (const file of files) await checkFile(storage, directory, file);",
    by: "",
    breaks: "a completed task has its output mr-out-",
    faults: { ...NO_FAULTS, loseRename: 0.4 },
  },
  {
    title: "finds no lost result when the job ends",
    file: RESULT_CHECK,
    replace: "const lost = suspects.filter(({ path, file }) => !isIntact(files, path, file));",
    by: "const lost = suspects.slice(0, 0);",
    breaks: "The output of reduce task",
    faults: SPOILT,
  },
  {
    title: "looks at the lengths of results alone when the job ends",
    file: CHECK_FILE,
    replace:
      'if (this.#crc32 !== expected) throw lostResult(path, "its contents are not what was written");',
    by: "",
    breaks: "The output of reduce task",
    faults: SPOILT,
  },
  {
    title: "looks at the lengths of results alone when it resumes",
    file: RESULT_CHECK,
    replace: 'if (phase === "map") continue;',
    by: "continue;",
    breaks: "whose output is lost for completed",
    faults: SPOILT_RESUMED,
  },
  {
    title: "does not look at the lengths of map outputs when it resumes",
    file: RESULT_CHECK,
    replace: "if (sizeOf(path) !== output.bytes) return false;",
    by: "",
    breaks: "whose output is lost for completed",
    faults: SPOILT_RESUMED,
  },
  {
    title: "looks at one output of each task only when it resumes",
    file: RESULT_CHECK,
    replace: "for (const output of result.outputs) {",
    by: "for (const output of result.outputs.slice(0, 1)) {",
    breaks: "whose output is lost for completed",
    faults: SPOILT_RESUMED,
  },
  {
    title: "writes to its log after that has failed",
    file: PUBLISHER,
    replace: "    this.#log = undefined;\n",
    by: "",
    breaks: "A coordinator writes to a log that failed",
    faults: BROKEN_LOG,
  },
  {
    title: "accepts what it can't keep",
    file: DECISION,
    replace: "accepted: accepted && isKept",
    by: "accepted",
    breaks: "A coordinator tells the verdict before the log holds",
    faults: BROKEN_LOG,
  },
  {
    title: "goes on without its log",
    file: CONTROL,
    replace: "      this.cancel(reason);\n      return;",
    by: "      return;",
    breaks: "The job makes no progress",
    faults: BROKEN_LOG,
  },
  {
    title: "accepts a repeated report that it could not keep",
    file: CONTROL,
    replace: "message.answer(isKept && !this.#hasLogFailed);",
    by: "message.answer(isKept);",
    breaks: "A coordinator tells the verdict before the log holds",
    faults: { ...BROKEN_LOG, lose: 0.3 },
  },
  {
    title: "tells workers of an end that it could not keep",
    file: CONTROL,
    replace: 'if (decided.state !== "failed") this.#unkeptEnd = outcome;',
    by: "",
    breaks: 'A coordinator tells the end before the log holds "ended completed"',
    faults: BROKEN_LOG,
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
      const messages = failures.map(({ error }) => error.message);
      expect(messages).toEqual([expect.stringContaining(mutant.breaks)]);
    });
  }

  it("is found only by what is broken: without a mutation, it finds nothing", async () => {
    const piece = "export class Scheduler {";
    const unchanged = { title: "nothing", file: SCHEDULER, replace: piece, by: piece, breaks: "" };
    expect((await simulateWith(unchanged, MUTANTS.length, 50)).failures).toEqual([]);
  });
});
