import { sealSettings } from "../app/contract/setting.ts";
import { type LoadedApp, minReducesOf } from "../app/load/load-app.ts";
import { StrayErrors } from "../base/stray-errors.ts";
import { RpcClient } from "../control/protocol/client.ts";
import type { Assignment, Dismissal } from "../control/protocol/protocol.ts";
import { checkInputs } from "../data/task/check-inputs.ts";
import { runMapTask } from "../data/task/map-task.ts";
import { runReduceTask } from "../data/task/reduce-task.ts";
import type { ProgressMeter, TaskContext, TaskOutput } from "../data/task/task-context.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { DEFAULT_FAN_IN } from "../job/limits.ts";
import { attemptTag } from "../job/names.ts";
import { storageFor } from "../storage/registry.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type ConnectTimeouts, type Listeners, RpcTaskSource } from "./rpc-task-source.ts";
import { type AttemptObserver, type JobFacts, runTasks, type TaskSource } from "./run-tasks.ts";

export interface WorkerOptions extends ConnectTimeouts, Listeners, Pick<JobSpec, "memoryBytes"> {
  readonly app: LoadedApp;
  readonly socketPath: string;
  /** A heartbeat that was started before. Default: one that starts now. */
  readonly heartbeat?: Heartbeat | undefined;
  /** The beginning of its lines on standard error. Default: `worker` and the process number. */
  readonly who?: string;
}

/**
 * Makes this process a worker: registers with the coordinator, and runs tasks until the job is over.
 *
 * @returns how the job ended
 * @throws MrError when there is no coordinator, or it refuses this worker
 */
export async function startWorker(options: WorkerOptions): Promise<Dismissal["outcome"]> {
  const { app, socketPath, reconnectMs, who, onTaskDone } = options;
  const { name, digest, splitting } = app;
  const minReduces = minReducesOf(app);
  const checksInputs = "checkInputs" in app.app;
  const source = await RpcTaskSource.connect({
    ...options,
    onTaskDone: () => {
      meter.taskDone();
      onTaskDone?.();
    },
    connection: new RpcClient(socketPath),
    address: `socket "${socketPath}"`,
    identity: { app: name, digest, splitting, minReduces, checksInputs, settings: sealSettings() },
  });
  const meter = options.heartbeat ?? new Heartbeat();
  meter.connect(socketPath, reconnectMs, source, who);
  try {
    return await runWorker(source, options, meter);
  } finally {
    source.close();
    await meter.close();
  }
}

/**
 * Runs tasks from `source`, one at a time, until it says that the job is over.
 *
 * @returns how the job ended
 */
export async function runWorker(
  source: TaskSource,
  { app, memoryBytes }: Pick<WorkerOptions, "app" | "memoryBytes">,
  meter: AttemptObserver & ProgressMeter,
): Promise<Dismissal["outcome"]> {
  const strayErrors = new StrayErrors();
  let isChecked = false;
  try {
    const execute = async (facts: JobFacts, assignment: Assignment): Promise<TaskOutput> => {
      const context: TaskContext = {
        ...facts,
        memoryBytes,
        storage: storageFor(facts.directory),
        storageFor,
        tag: attemptTag(facts.job, assignment.attempt, process.pid),
        progress: meter,
        fanIn: DEFAULT_FAN_IN,
      };
      const isMap = assignment.kind === "map";
      if (isMap && !isChecked && facts.inputs !== undefined) {
        checkInputs(app.app, facts.inputs);
        isChecked = true;
      }
      return await strayErrors.during(
        isMap ? runMapTask(assignment, app, context) : runReduceTask(assignment, app, context),
      );
    };
    return await runTasks(source, execute, meter);
  } finally {
    strayErrors.close();
  }
}
