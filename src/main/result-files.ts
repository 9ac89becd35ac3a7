import type { LineFile } from "../mr/data/output/line-reader.ts";
import type { JobEvent } from "../mr/job/events.ts";

/** Knows from the events of a job what its results are. */
export class ResultFiles {
  readonly #written = new Map<number, NonNullable<LineFile["written"]>>();

  /** Must be called with every event of the job. */
  onEvent(event: JobEvent): void {
    if (event.type !== "attemptCompleted" && event.type !== "taskRestored") return;
    const { phase, task, crc32, lines } = event;
    const [bytes] = event.outputBytes;
    if (phase !== "reduce" || bytes === undefined || crc32 === undefined) return;
    this.#written.set(task, { bytes, crc32, lines });
  }

  /** @param paths of the results, by reduce task */
  at(paths: readonly string[]): LineFile[] {
    return paths.map((path, reduce) => ({ path, written: this.#written.get(reduce) }));
  }
}
