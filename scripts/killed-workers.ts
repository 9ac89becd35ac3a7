/**
 * Measures the cost of killing two of eight workers half-way (compare the paper, section 5.5): the time of the map
 * phase with and without, medians of three runs each, in turn. The tasks sleep instead of computing, so that eight
 * workers are eight times as fast on any machine.
 *
 *     npx tsx scripts/killed-workers.ts
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { socketPathOf } from "../src/mr/base/socket-path.ts";
import { RpcClient } from "../src/mr/control/protocol/client.ts";
import type { JobStatus } from "../src/mr/control/protocol/protocol.ts";
import { median } from "./bench/statistics.ts";
import { sourceProgram } from "./chaos/programs.ts";

const RUNS = 3;
const WORKERS = 8;
const KILLED = 2;
const TASKS = 160;
const TASK_MS = 200;
const POLL_MS = 5;

/** No task begins before the file `go` exists, so the start-up time of processes does not count. */
const APP = `
  import { existsSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  export async function map(file, contents) {
    while (!existsSync("go")) await sleep(2);
    await sleep(${TASK_MS});
    return [{ key: "task", value: contents }];
  }
  export function reduce(key, values) {
    return values.join(",");
  }
`;

const home = mkdtempSync(join(tmpdir(), "tsmr-killed-"));
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const elapsedMs = { none: [] as number[], killed: [] as number[] };
const expected = `task ${Array.from({ length: TASKS }, (_, task) => task).join(",")}\n`;
for (let run = 0; run < RUNS; run++) {
  elapsedMs.none.push(await measure(`${run}-none`, 0));
  elapsedMs.killed.push(await measure(`${run}-killed`, KILLED));
}
const [none, killed] = [median(elapsedMs.none), median(elapsedMs.killed)];
// All workers do the first half of the work, and the remaining ones the second half.
const share = 0.5 + (0.5 * WORKERS) / (WORKERS - KILLED);
process.stdout.write(
  `${TASKS} tasks of ${TASK_MS} ms, ${WORKERS} workers: ${(none / 1000).toFixed(2)} s\n` +
    `${KILLED} of them killed half-way: ${(killed / 1000).toFixed(2)} s, ` +
    `${(killed / none).toFixed(2)} × (their share of the work: ${share.toFixed(2)} ×)\n`,
);

/** @returns how long the map phase took, in milliseconds */
async function measure(name: string, kill: number): Promise<number> {
  const directory = mkdtempSync(join(home, name));
  writeFileSync(join(directory, "app.ts"), APP);
  const inputs = Array.from({ length: TASKS }, (_, task) => `${task}.txt`);
  for (const [task, input] of inputs.entries()) writeFileSync(join(directory, input), String(task));
  const coordinator = start(directory, sourceProgram("mrcoordinator"), ["-r", "2", ...inputs]);
  const ended = once(coordinator, "exit");
  const workers = Array.from({ length: WORKERS }, () =>
    start(directory, sourceProgram("mrworker"), ["app.ts"]),
  );
  const client = new RpcClient(socketPathOf(directory));
  const job = { client, coordinator };
  try {
    await statusWhen(job, ({ maps }) => maps.inProgress === WORKERS);
    const startedMs = performance.now();
    writeFileSync(join(directory, "go"), "");
    await statusWhen(job, ({ maps }) => maps.completed >= TASKS / 2);
    for (const worker of workers.slice(0, kill)) worker.kill("SIGKILL");
    await statusWhen(job, ({ maps }) => maps.completed === TASKS);
    const tookMs = performance.now() - startedMs;
    await ended;
    const results = readdirSync(directory).filter((file) => file.startsWith("mr-out-"));
    const output = results.map((file) => readFileSync(join(directory, file), "utf8")).join("");
    if (output !== expected) throw new Error(`The output is wrong: ${output}`);
    return tookMs;
  } finally {
    client.close();
  }
}

function start(
  cwd: string,
  [program, ...before]: readonly [string, ...string[]],
  args: readonly string[],
): ChildProcess {
  const stdio = ["ignore", "ignore", "ignore"] as const;
  const child = spawn(program, [...before, ...args], { cwd, stdio: [...stdio] });
  started.add(child);
  return child;
}

/** Polls the status until a condition holds or the job has ended. */
async function statusWhen(
  { client, coordinator }: { client: RpcClient; coordinator: ChildProcess },
  isWanted: (status: JobStatus) => boolean,
): Promise<void> {
  while (coordinator.exitCode === null) {
    const status = await client.call("job.status", undefined).catch(() => undefined);
    if (status !== undefined && isWanted(status)) return;
    await sleep(POLL_MS);
  }
}
