import { describeCause, JobCancelledError, MrError } from "../base/errors.ts";
import { EventDescriber } from "../watch/format/describe-event.ts";
import type { JobContext } from "./engine.ts";
import { loadEngine } from "./registry.ts";
import { checkOptions, resolveJobSpec } from "./resolve-job-spec.ts";
import type { JobResult, RunJobOptions } from "./run-job.ts";

/**
 * Implements `runJob` and `startJob`. Sockets and timers call the listeners of a user, so an error that one
 * throws must not end the process. It ends the job instead, and the listener is not called again.
 *
 * @param handle another observer of the job, which must not throw, and another way to end it early
 */
export async function executeJob(
  options: RunJobOptions,
  handle?: Required<Pick<RunJobOptions, "onEvent" | "signal">>,
): Promise<JobResult> {
  const startedMs = performance.now();
  checkOptions(options);
  const { log, onOutput, onEvent, engine = "local" } = options;
  const abort = new AbortController();
  /** The first error that a listener has thrown, with the listener's name in its message. */
  let failure: { readonly reason: string; readonly cause: unknown } | undefined;
  const guard = <T>(name: string, listener: (value: T) => void) => {
    let isUsable = true;
    return (value: T) => {
      try {
        if (isUsable) listener(value);
      } catch (cause) {
        isUsable = false;
        const reason = `${name} has thrown: ${describeCause(cause)}`;
        failure ??= { reason, cause };
        // Later, because the caller of the listener is in the middle of a step.
        queueMicrotask(() => abort.abort(new JobCancelledError(reason, { cause })));
      }
    };
  };
  const write = log === undefined ? undefined : guard("log", log);
  const tell = onEvent === undefined ? undefined : guard("onEvent", onEvent);
  const describer = new EventDescriber();
  const context: JobContext = {
    signal: abort.signal,
    onOutput: onOutput === undefined ? undefined : guard("onOutput", onOutput),
    onEvent: (event) => {
      const lines = write === undefined ? [] : describer.describe(event);
      for (const { level, text } of lines) if (level !== "detail") write?.(text);
      handle?.onEvent(event);
      tell?.(event);
    },
  };
  const sources = [options.signal, handle?.signal].filter((source) => source !== undefined);
  const onAbort = () => {
    const cause: unknown = sources.find(({ aborted }) => aborted)?.reason;
    abort.abort(new JobCancelledError(describeCause(cause), { cause }));
  };
  for (const source of sources) {
    source.addEventListener("abort", onAbort);
    if (source.aborted) onAbort();
  }
  try {
    const result = await (await loadEngine(engine)).run(await resolveJobSpec(options), context);
    if (failure === undefined) return { ...result, elapsedMs: performance.now() - startedMs };
    const { reason, cause } = failure;
    throw new MrError("LISTENER_THREW", `The job is complete, but ${reason}`, { cause });
  } finally {
    // The signals may outlive the job.
    for (const source of sources) source.removeEventListener("abort", onAbort);
  }
}
