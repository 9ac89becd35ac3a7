import { statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { JobEvent } from "../../job/events.ts";
import { reduceOutputName } from "../../job/names.ts";
import type { CompletedTask, OutputFile } from "../../job/task.ts";
import { checkFile, isIntact } from "../../storage/check-file.ts";
import type { FetchedFiles, Storage } from "../../storage/storage.ts";

/** A larger result is not read again at the end of the job if the file has not changed since its worker read it. */
const MAX_READ_TWICE_BYTES = 16 * 1024 * 1024;
/** Results of this size in all are read without a turn of the event loop, in some milliseconds. */
const MAX_READ_AT_ONCE_BYTES = 16 * 1024 * 1024;

/** Checks, before a job is complete, that its results are there as they were written. */
export class ResultCheck {
  readonly #storage: Storage;
  readonly #directory: string;
  /** The identities of large results when their tasks were completed, by name. */
  readonly #seen = new Map<string, string>();

  constructor(storage: Storage, directory: string) {
    this.#storage = storage;
    this.#directory = directory;
  }

  /** Must be called with every event of the job. */
  onEvent(event: JobEvent): void {
    if (event.type !== "attemptCompleted" || event.phase !== "reduce") return;
    const [bytes = 0] = event.outputBytes;
    const name = reduceOutputName(event.task);
    if (bytes > MAX_READ_TWICE_BYTES) this.#seen.set(name, this.#identityOf(name));
  }

  /**
   * Finds the results that are missing or not what was written. Never throws or rejects.
   *
   * @param results by reduce task
   * @returns the numbers of their tasks; at once if there is little to read
   */
  findLost(results: readonly OutputFile[]): number[] | Promise<number[]> {
    const suspects = results.flatMap((file, task) => {
      const before = this.#seen.get(file.name);
      const isUnchanged = before !== undefined && before === this.#identityOf(file.name);
      return isUnchanged ? [] : { file, task, path: join(this.#directory, file.name) };
    });
    const bytes = suspects.reduce((sum, { file }) => sum + file.bytes, 0);
    const files = this.#storage.fetch(suspects.map(({ path }) => path));
    if (files instanceof Promise || bytes > MAX_READ_AT_ONCE_BYTES) {
      return findLostInTurns(files, suspects);
    }
    const lost = suspects.filter(({ path, file }) => !isIntact(files, path, file));
    files.close();
    return lost.map(({ task }) => task);
  }

  /** Changes whenever the contents of a file do. */
  #identityOf(name: string): string {
    try {
      const stats = statSync(join(this.#directory, name), { bigint: true });
      return `${stats.dev} ${stats.ino} ${stats.size} ${stats.ctimeNs}`;
    } catch {
      // It is missing or out of reach, which reading it finds.
      return "";
    }
  }
}

/** Where the outputs of a job are. */
interface OutputPlace {
  readonly storage: Storage;
  /** Full path. */
  readonly directory: string;
  /** The size of a file; undefined if there is none. A job may have very many map outputs, so it must not wait. */
  readonly sizeOf: (path: string) => number | undefined;
}

/**
 * Whether the outputs of a task of an earlier coordinator are there. Reduce tasks find out that a map output of the
 * right length is corrupted; the contents of results are checked here.
 */
export async function hasItsOutputs(
  { phase, result }: CompletedTask,
  { storage, directory, sizeOf }: OutputPlace,
): Promise<boolean> {
  for (const output of result.outputs) {
    const path = storage.resolve(directory, output.name);
    if (sizeOf(path) !== output.bytes) return false;
    if (phase === "map") continue;
    try {
      await checkFile(storage, directory, output);
    } catch {
      return false;
    }
  }
  return true;
}

interface Suspect {
  readonly file: OutputFile;
  readonly task: number;
  readonly path: string;
}

/** Lets the event loop run between two results. */
async function findLostInTurns(
  fetching: FetchedFiles | Promise<FetchedFiles>,
  suspects: readonly Suspect[],
): Promise<number[]> {
  const files = await Promise.resolve(fetching).catch(() => undefined);
  const lost: number[] = [];
  for (const { file, task, path } of suspects) {
    if (files === undefined || !isIntact(files, path, file)) lost.push(task);
    await setImmediate();
  }
  files?.close();
  return lost;
}
