import { readdirSync } from "node:fs";
import { statIfThere } from "../../base/file-status.ts";
import { plural } from "../../base/text.ts";
import type { Coordinator } from "../../control/coordinator/coordinator.ts";
import { type DirectoryLock, lockDirectory } from "../../control/log/directory-lock.ts";
import { FileJobLog } from "../../control/log/file-job-log.ts";
import { type JobRecord, LOG_VERSION, type LogState } from "../../control/log/job-log.ts";
import type { RpcServerOptions } from "../../control/protocol/server.ts";
import { planJob } from "../../data/input/plan-job.ts";
import type { DecidedEvent, JobEvent } from "../../job/events.ts";
import {
  differenceOf,
  type InputFile,
  isSameVersion,
  type JobSpec,
  type NewJob,
  type ResumedJob,
  type Settings,
} from "../../job/job-spec.ts";
import { isResultName, MERGED_OUTPUT_NAME } from "../../job/names.ts";
import { withVersions } from "../../job/split.ts";
import type { CompletedTask } from "../../job/task.ts";
import { checkFile } from "../../storage/check-file.ts";
import {
  hasJobLog,
  statInput,
  storageFor,
  sweepAttempt,
  sweepJobDirectory,
} from "../../storage/registry.ts";
import { describeSetting, withMessages } from "../../watch/format/describe-failure.ts";
import { EventLog } from "../../watch/history/event-log.ts";
import { readHistory } from "../../watch/history/job-history.ts";
import { writtenResults } from "../../watch/history/written-results.ts";
import { checkSameLimits, refuseToResume } from "../refuse-to-resume.ts";
import type { LockedDirectory } from "../take-directory.ts";
import { hasItsOutputs, ResultCheck } from "./result-check.ts";

/** A job that this process alone may coordinate: its directory, its log, and its event log. */
export type JobSession = ReturnType<typeof newSession>;

/**
 * @param spec the job, with the fixed options in its log
 * @param resumed the state in which the job was left, or undefined for a new job
 * @param removed number of results of an earlier job that a new one has removed
 */
function newSession(
  spec: JobSpec,
  lock: DirectoryLock,
  log: FileJobLog,
  { resumed, removed = 0 }: { readonly resumed?: LogState; readonly removed?: number },
) {
  const { directory } = lock;
  const results = new ResultCheck(storageFor(spec.directory), spec.directory);
  let events: EventLog | undefined;
  return {
    ...{ spec, resumed, removed, log, results, directory },
    /** Whether the directory is the one that was locked: another one in its place has files of another job. */
    get isInPlace(): boolean {
      return directory.isInPlace;
    },
    /** Whether an attempt has started, so that the job has an event log. */
    get hasBegun(): boolean {
      return events !== undefined;
    },
    /**
     * A listener that writes events to the event log and passes them on. The log of a new job begins with its
     * first attempt: a job that ends before leaves no log, and an earlier log as it was.
     *
     * @param listener must not throw
     */
    recordTo(listener: (event: JobEvent) => void): (event: DecidedEvent) => void {
      const isResumed = resumed !== undefined;
      const early: JobEvent[] = [];
      return (decided) => {
        const event = withMessages(decided);
        results.onEvent(event);
        const onWriteError = (message: string) => {
          listener({ type: "eventLogFailed", message, atMs: event.atMs });
        };
        if (events === undefined && (isResumed || event.type === "attemptStarted")) {
          events = new EventLog(directory, isResumed, onWriteError);
          for (const one of early.splice(0)) events.record(one);
        }
        if (events === undefined) early.push(event);
        else events.record(event);
        listener(event);
      };
    },
    /** Leaves the event log to another coordinator, which leads the job. */
    discardEvents(): void {
      events?.discard();
    },
    /** Releases the directory. */
    close(): void {
      events?.close();
      log.close();
      lock.unlock();
    },
  };
}

/**
 * Begins or resumes the job of a directory. A new job removes the files of an earlier one.
 *
 * @param locked the lock of the directory, if the caller has it; the session takes it over
 * @throws MrError when another coordinator has the directory; the log cannot be written, or, on
 *   resuming, is missing, damaged, or that of another job; or an input has changed
 */
export async function openJob(
  spec: NewJob | ResumedJob,
  locked?: LockedDirectory,
): Promise<JobSession> {
  const lock = locked?.lock ?? (await lockDirectory(spec.directory));
  try {
    return spec.resume ? await resume(spec, lock) : begin(spec, lock);
  } catch (error) {
    lock.unlock();
    throw error;
  }
}

/** Starts the coordinator of a job. It listens when this is done. */
export async function startCoordinator(
  session: JobSession,
  options: Pick<RpcServerOptions, "socketPath" | "listener"> & {
    readonly onEvent: (event: JobEvent) => void;
  },
): Promise<Coordinator> {
  // Loaded while the first workers start.
  const [{ Coordinator }, { RpcServer }] = await Promise.all([
    import("../../control/coordinator/coordinator.ts"),
    import("../../control/protocol/server.ts"),
  ]);
  const { spec, directory } = session;
  return await Coordinator.start({
    ...spec,
    plan: planJob(storageFor, spec),
    log: session.log,
    resumed: session.resumed,
    listen: (service) => RpcServer.listen({ ...service, ...options }),
    onAbandoned: (attempt, tag) => void sweepAttempt(directory, attempt, tag),
    isInPlace: () => session.isInPlace,
    checkResults: (results) => session.results.findLost(results),
    onEvent: session.recordTo(options.onEvent),
    onDeposed: () => session.discardEvents(),
  });
}

function begin(spec: NewJob, lock: DirectoryLock): JobSession {
  const { directory } = lock;
  const { reduces, skipBadRecords, maxBadRecords, inputDirectory, inputs } = spec;
  const removed = sweepJobDirectory(directory);
  const job: JobRecord = {
    type: "job",
    version: LOG_VERSION,
    ...{ reduces, skipBadRecords, maxBadRecords, inputDirectory, inputs },
  };
  return newSession(spec, lock, FileJobLog.create(directory, job), { removed });
}

async function resume(spec: ResumedJob, lock: DirectoryLock): Promise<JobSession> {
  const { directory } = spec;
  await checkNotComplete(directory);
  const { log, state } = FileJobLog.open(lock.directory);
  try {
    const inputs = await checkSameJob(state.job, spec);
    const completed: CompletedTask[] = [];
    const place = { storage: storageFor(directory), directory, sizeOf };
    for (const task of state.completed) {
      if (await hasItsOutputs(task, place)) completed.push(task);
    }
    const { type: _type, version: _version, ...fixed } = state.job;
    const versions = new Map(inputs.map(({ url, version }) => [url, version]));
    const splits = withVersions(state.plan?.splits ?? [], versions);
    const plan = state.plan === undefined ? undefined : { ...state.plan, splits };
    const resumed = { ...state, plan, completed };
    return newSession({ ...spec, ...fixed, inputs }, lock, log, { resumed });
  } catch (error) {
    log.close();
    throw error;
  }
}

function sizeOf(path: string): number | undefined {
  return statIfThere(path)?.size;
}

/**
 * The log is removed when all results are there, so results without a log are complete, unless they were changed or
 * removed since.
 *
 * @throws MrError `RESUME_NOTHING`; `OUTPUT_UNREADABLE` for a result that is lost
 */
async function checkNotComplete(directory: string): Promise<void> {
  if (hasJobLog(directory)) return;
  const history = await readHistory(directory).catch(() => undefined);
  const isComplete = history?.last.view.outcome?.state === "completed";
  if (history !== undefined && isComplete) {
    const { merged } = history;
    const files =
      merged === undefined
        ? writtenResults(directory, history)
        : [{ ...merged, name: MERGED_OUTPUT_NAME }];
    for (const file of files) await checkFile(storageFor(directory), directory, file);
  }
  if (isComplete) {
    refuseToResume(directory, "it is complete already, its output is there", "RESUME_NOTHING");
  }
  if (!readdirSync(directory).some(isResultName)) return;
  const why =
    "it has results and no journal, so it seems to be complete, but its event log is gone or damaged: " +
    "whether all results are there cannot be checked";
  refuseToResume(directory, why, "RESUME_NOTHING");
}

/** @returns the inputs as they are now, with the same contents: one may have been restored */
async function checkSameJob(job: JobRecord, spec: ResumedJob): Promise<InputFile[]> {
  const { directory, inputDirectory, inputs, reduces } = spec;
  if (reduces !== undefined && reduces !== job.reduces) {
    refuseToResume(directory, `it has ${plural(job.reduces, "reduce task")}, not ${reduces}`);
  }
  checkSameLimits(directory, job, spec);
  const urls = (files: readonly InputFile[]) => files.map(({ url }) => url).join("\0");
  const hasOthers = inputs !== undefined && urls(inputs) !== urls(job.inputs);
  if (hasOthers || inputDirectory !== job.inputDirectory) {
    refuseToResume(directory, "it has other input files");
  }
  const present: InputFile[] = [];
  for (const [index, { url, size, version }] of job.inputs.entries()) {
    const now = inputs?.[index] ?? (await statInput(url, inputDirectory));
    if (now.size !== size || !isSameVersion(now.version, version, "contents")) {
      refuseToResume(directory, `input "${url}" has changed since it began`, "INPUT_CHANGED");
    }
    present.push({ ...now, url });
  }
  return present;
}

/**
 * The environment variables that the workers of a resumed job are given: those that the job began with, so
 * that they need not be set again.
 *
 * @param directory absolute path of the job directory
 * @param digest of the app as it is now
 * @returns the variables to be set, none for a job that never began
 * @throws MrError when the app has changed, or variables have other values now: the output would be a
 *   mixture
 */
export function settingsToResume(directory: string, digest: string): Record<string, string> {
  const plan = FileJobLog.stateOf(directory)?.plan;
  if (plan === undefined) return {};
  if (plan.digest !== digest) {
    const began = `"${plan.app}" (${plan.digest.slice(0, 12)}…)`;
    refuseToResume(directory, `it began with app ${began}, which is another now`);
  }
  const { settings = {} } = plan;
  const now: Settings = Object.fromEntries(
    Object.keys(settings).map((name) => [name, process.env[name] ?? settings[name] ?? null]),
  );
  const name = differenceOf(settings, now);
  if (name !== undefined) {
    const [began, is] = [settings, now].map((values) =>
      describeSetting(name, values[name] ?? null),
    );
    refuseToResume(directory, `it began with ${began}, not with ${is}`);
  }
  return Object.fromEntries(
    Object.entries(settings).filter((setting): setting is [string, string] => setting[1] !== null),
  );
}
