import { describeCause, JobCancelledError, MrError } from "../base/errors.ts";
import type { JobEvent } from "../job/events.ts";
import { EventDescriber } from "../watch/format/describe-event.ts";
import type { JobContext } from "./engine.ts";
import { loadEngine } from "./registry.ts";
import { checkOptions, resolveJobSpec } from "./resolve-job-spec.ts";
import type { JobResult, RunJobOptions } from "./run-job.ts";

/** Another observer of a job, which must not throw, and another way to end it early. */
export interface JobHandle {
  readonly onEvent: (event: JobEvent) => void;
  readonly signal: AbortSignal;
}

/** What `runJob` and `startJob` do; see there. */
export async function executeJob(options: RunJobOptions, handle?: JobHandle): Promise<JobResult> {
  const startedMs = performance.now();
  checkOptions(options);
  const context = new GuardedContext(options, handle);
  try {
    const engine = await loadEngine(options.engine ?? "local");
    const result = await engine.run(await resolveJobSpec(options), context);
    context.checkListeners();
    return { ...result, elapsedMs: performance.now() - startedMs };
  } finally {
    context.close();
  }
}

/**
 * The context of a job whose listeners are a user's. They are called by sockets and timers: an error that
 * one throws must not end the process. It ends the job instead, and the listener is not called again.
 */
class GuardedContext implements JobContext {
  readonly onOutput: JobContext["onOutput"];
  readonly onEvent: JobContext["onEvent"];
  readonly #abort = new AbortController();
  readonly #sources: readonly AbortSignal[];
  /** The first error that a listener has thrown, with the listener's name in its message. */
  #failure: { readonly reason: string; readonly cause: unknown } | undefined;

  constructor({ log, onOutput, onEvent, signal }: RunJobOptions, handle: JobHandle | undefined) {
    this.onOutput = onOutput === undefined ? undefined : this.#guard("onOutput", onOutput);
    const write = this.#guard("log", log);
    const tell = this.#guard("onEvent", onEvent);
    const describer = new EventDescriber();
    this.onEvent = (event) => {
      const lines = log === undefined ? [] : describer.describe(event);
      for (const { level, text } of lines) if (level !== "detail") write(text);
      handle?.onEvent(event);
      tell(event);
    };
    this.#sources = [signal, handle?.signal].filter((source) => source !== undefined);
    for (const source of this.#sources) {
      source.addEventListener("abort", this.#onAbort);
      if (source.aborted) this.#onAbort();
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @throws MrError when a listener threw on a job that is complete */
  checkListeners(): void {
    if (this.#failure === undefined) return;
    const { reason, cause } = this.#failure;
    throw new MrError("LISTENER_THREW", `The job is complete, but ${reason}`, { cause });
  }

  /** The signals may outlive the job. */
  close(): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#sources.find(({ aborted }) => aborted)?.reason;
    this.#abort.abort(new JobCancelledError(describeCause(cause), { cause }));
  };

  #guard<T>(name: string, listener: ((value: T) => void) | undefined): (value: T) => void {
    let isUsable = listener !== undefined;
    return (value) => {
      if (!isUsable) return;
      try {
        listener?.(value);
      } catch (cause) {
        isUsable = false;
        this.#failed(`${name} has thrown: ${describeCause(cause)}`, cause);
      }
    };
  }

  #failed(reason: string, cause: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { reason, cause };
    // Later, because the caller of the listener is in the middle of a step.
    queueMicrotask(() => this.#abort.abort(new JobCancelledError(reason, { cause })));
  }
}
