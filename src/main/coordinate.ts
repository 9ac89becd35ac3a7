import { isLasting } from "../mr/base/error-codes.ts";
import { JobFailedError } from "../mr/base/errors.ts";
import { checkNoCoordinator, checkSocketFree, socketPathOf } from "../mr/base/socket-path.ts";
import { plural, visibleLines } from "../mr/base/text.ts";
import type { Coordinator } from "../mr/control/coordinator/coordinator.ts";
import type { LogState } from "../mr/control/log/job-log.ts";
import type { HttpListener } from "../mr/control/protocol/http-listener.ts";
import { openJob, startCoordinator } from "../mr/engines/local/job-session.ts";
import { type JobRequest, resolveJobSpec } from "../mr/engines/resolve-job-spec.ts";
import {
  checkJobDirectory,
  hasJobLog,
  removeLog,
  sweepTemporaryFiles,
} from "../mr/storage/registry.ts";
import { EventDescriber } from "../mr/watch/format/describe-event.ts";
import { describeCancellation, describeJobFailure } from "../mr/watch/format/describe-failure.ts";
import { onSignal } from "./on-signal.ts";
import type { UiOption } from "./options.ts";
import { openDashboard } from "./watch-job.ts";

export interface CoordinateOptions extends Omit<JobRequest, "app"> {
  readonly socketPath: string;
  /** Listens on the socket already, unless that could not be done. */
  readonly listener: HttpListener | undefined;
  readonly ui?: UiOption;
  readonly quiet?: true;
}

/**
 * Coordinates the job in the current directory, for `mrcoordinator`.
 *
 * @returns the exit code
 * @throws MrError when the job cannot begin, or has failed
 */
export async function coordinate(options: CoordinateOptions): Promise<number> {
  const { ui, quiet, socketPath, listener } = options;
  const spec = await resolveJobSpec({ ...options, out: "." });
  const { directory } = spec;
  checkJobDirectory(spec);
  const log = (line: string) => {
    if (quiet !== true) process.stderr.write(`mrcoordinator: ${visibleLines(line)}\n`);
  };
  const startedMs = performance.now();
  // Before files of an earlier job are removed, because the port may be taken.
  const dashboard = await openDashboard("mrcoordinator", ui);
  const describer = new EventDescriber();
  await checkAlone(directory, options);
  const job = await openJob(spec);
  const { resumed, removed } = job;
  let coordinator: Coordinator | undefined;
  try {
    if (removed > 0) log(`Removed ${plural(removed, "output file")} of an earlier job`);
    if (resumed !== undefined) log(describeResumption(resumed));
    coordinator = await startCoordinator(job, {
      socketPath,
      listener,
      onEvent: (event) => {
        for (const { level, text } of describer.describe(event)) if (level !== "detail") log(text);
        dashboard?.onEvent(event);
      },
    });
    log(`Listening on ${socketPath}`);
    const tasks = plural(job.spec.reduces, "reduce task");
    log(`${plural(job.spec.inputs.length, "input file")}, ${tasks}; waiting for workers`);
    const code = await finish(coordinator, () => job.isInPlace);
    if (code !== 0) return code;
  } finally {
    if (coordinator?.isDeposed !== true && job.isInPlace) sweepTemporaryFiles(job.directory);
    if (coordinator === undefined && resumed === undefined) removeLog(job.directory);
    // Last, because another coordinator may take the directory from here on.
    job.close();
    await dashboard?.close();
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  log(`Done in ${seconds} s: the output is in mr-out-*`);
  return 0;
}

/**
 * Checks that no other coordinator uses the socket or, although its lock was removed, the directory: opening the job
 * removes the files of an earlier one.
 */
async function checkAlone(
  directory: string,
  { socketPath, listener }: Pick<CoordinateOptions, "socketPath" | "listener">,
): Promise<void> {
  if (hasJobLog(directory)) {
    const isOwn = listener !== undefined && socketPath === socketPathOf(directory);
    if (!isOwn) await checkNoCoordinator(directory);
  }
  if (listener === undefined) await checkSocketFree(socketPath);
}

/**
 * Waits for the end of the job, which a signal may bring about.
 *
 * @param isInPlace whether the directory is that of the job, which `--resume` goes on with
 */
async function finish(coordinator: Coordinator, isInPlace: () => boolean): Promise<number> {
  let signalCode: number | undefined;
  onSignal((signal, code) => {
    signalCode ??= code;
    coordinator.cancel({ type: "requested", message: `interrupted by ${signal}` });
  });
  const outcome = await coordinator.finished;
  if (outcome.state === "completed") return 0;
  const hint = isInPlace()
    ? "mrcoordinator: To go on with it: mrcoordinator --resume\n"
    : "mrcoordinator: The directory of this job was removed or replaced: begin again in another\n";
  if (outcome.state === "failed") {
    const failure = describeJobFailure(outcome.reason);
    // A job that begins removes the files of this one.
    if (!isLasting(failure.code)) process.stderr.write(hint);
    throw new JobFailedError(failure);
  }
  const why = describeCancellation(outcome.reason);
  const what = visibleLines(`The job is not complete: ${why}`);
  process.stderr.write(`mrcoordinator: ${what}\n${hint}`);
  return signalCode ?? 1;
}

function describeResumption({ plan, completed }: LogState): string {
  const maps = completed.filter(({ phase }) => phase === "map").length;
  const reduces = completed.length - maps;
  const app = plan === undefined ? "" : ` of ${plan.app}`;
  const tasks = `${plural(maps, "map task")} and ${plural(reduces, "reduce task")}`;
  return `Going on with the job${app}: ${tasks} are completed`;
}
