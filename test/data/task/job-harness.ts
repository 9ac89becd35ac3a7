import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ClassicApp } from "../../../src/mr/app/contract/contract.ts";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import type { LoadedApp } from "../../../src/mr/app/load/load-app.ts";
import { planJob } from "../../../src/mr/data/input/plan-job.ts";
import { checkInputs } from "../../../src/mr/data/task/check-inputs.ts";
import { runMapTask } from "../../../src/mr/data/task/map-task.ts";
import { runReduceTask } from "../../../src/mr/data/task/reduce-task.ts";
import type { TaskContext } from "../../../src/mr/data/task/task-context.ts";
import { DEFAULT_FAN_IN, DEFAULT_MEMORY_BYTES } from "../../../src/mr/job/limits.ts";
import { isTemporary } from "../../../src/mr/job/names.ts";
import type { OutputFile } from "../../../src/mr/job/task.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { statInput, storageFor } from "../../../src/mr/storage/registry.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** How a job is run in a test; everything has a default. */
export interface JobOptions {
  readonly reduces?: number;
  readonly splitBytes?: number;
  /** How many map tasks small files leave, if they are so many. Default: they share none. */
  readonly parallelism?: number;
  readonly memoryBytes?: number;
  readonly fanIn?: number;
  readonly skipBadRecords?: boolean;
}

/** A job directory, and the tasks of jobs in it, run in this process. */
export class JobHarness {
  readonly directory = temporaryDirectory();
  counters: Record<string, number> = {};
  /** What tasks have told of their progress since this was last set. */
  told = { records: 0, bytes: 0 };

  write(name: string, contents: string | Uint8Array): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    return path;
  }

  /** The names of temporary files that were left behind. */
  get leftovers(): string[] {
    return readdirSync(this.directory).filter(isTemporary);
  }

  context(options: JobOptions = {}): TaskContext {
    return {
      storage: fileStorage,
      storageFor,
      directory: this.directory,
      inputDirectory: this.directory,
      reduces: options.reduces ?? 3,
      tag: "0123abcd-0-1",
      progress: {
        addRecords: (count) => {
          this.told.records += count;
        },
        addBytes: (count) => {
          this.told.bytes += count;
        },
        alive: () => undefined,
        workDone: () => undefined,
      },
      memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
      fanIn: options.fanIn ?? DEFAULT_FAN_IN,
      skipBadRecords: options.skipBadRecords ?? false,
    };
  }

  /** Runs all map tasks and commits their files. @returns the reports, by map task */
  async map(app: ClassicApp | RecordApp, files: readonly string[], options: JobOptions = {}) {
    const loaded = loadedApp(app);
    checkInputs(app, files);
    const { splitBytes, parallelism: workers = Infinity } = options;
    const inputDirectory = this.directory;
    const inputs = await Promise.all(files.map((file) => statInput(file, inputDirectory)));
    const plan = planJob(storageFor, {
      app: "app.ts",
      inputs,
      inputDirectory,
      splitBytes,
      workers,
    });
    const splits = await plan(loaded.splitting);
    const reports: (readonly OutputFile[])[] = [];
    for (const [task, split] of splits.entries()) {
      const result = await runMapTask({ task, split }, loaded, this.context(options));
      reports.push(await result.output.commit());
      this.#count(result.counters);
    }
    return reports;
  }

  /** Runs one reduce task. @returns what it wrote */
  async reduce(
    app: ClassicApp | RecordApp,
    task: number,
    reports: readonly (readonly OutputFile[])[],
    options: JobOptions = {},
  ): Promise<Buffer> {
    const sources = reports.map((report) => report[task] ?? { name: "?", bytes: 0, crc32: 0 });
    const result = await runReduceTask({ task, sources }, loadedApp(app), this.context(options));
    await result.output.commit();
    this.#count(result.counters);
    return readFileSync(join(this.directory, `mr-out-${task}`));
  }

  /** Runs a whole job. @returns the contents of `mr-out-0`, `mr-out-1`, … */
  async run(
    app: ClassicApp | RecordApp,
    files: readonly string[],
    options: JobOptions = {},
  ): Promise<Buffer[]> {
    this.counters = {};
    const reports = await this.map(app, files, options);
    const outputs: Buffer[] = [];
    for (let task = 0; task < (options.reduces ?? 3); task++) {
      outputs.push(await this.reduce(app, task, reports, options));
    }
    return outputs;
  }

  #count(counters: Readonly<Record<string, number>>): void {
    for (const [name, by] of Object.entries(counters)) {
      this.counters[name] = (this.counters[name] ?? 0) + by;
    }
  }
}

/** An app as the loader gives it. */
export function loadedApp(app: ClassicApp | RecordApp): LoadedApp {
  const splitting = "input" in app ? app.input.splitting : "wholeFile";
  return { name: "test.ts", path: "/test.ts", digest: "0".repeat(64), app, splitting };
}

/** The lines of some output, sorted by their bytes, as strings of one unit a byte. */
export function sortedLines(outputs: readonly Uint8Array[]): string[] {
  const lines = Buffer.concat(outputs).toString("latin1").split("\n");
  return lines.slice(0, -1).sort();
}
