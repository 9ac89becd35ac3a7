/**
 * The program of a worker that a job has started itself. What mrworker does for a person at a terminal,
 * it does without a command line to parse: it is started often, and every module it loads is paid for.
 */
import { readFileSync } from "node:fs";
import { checkReduces } from "../app/check-reduces.ts";
import { type LoadedApp, loadApp } from "../app/load-app.ts";
import { MrError } from "../errors.ts";
import { APP_NOT_LOADED } from "./exit-codes.ts";
import { startWorker, type WorkerOptions } from "./start-worker.ts";

const STDIN = 0;

/** What a worker process is told, as JSON in its first argument, or else on its standard input. */
export interface WorkerProcessOptions extends Omit<WorkerOptions, "app"> {
  /** Absolute path of the app. */
  readonly app: string;
  /** How many reduce tasks there are, where that is known. */
  readonly reduces?: number | undefined;
  /** Variables to set before the app is loaded. */
  readonly environment?: Readonly<Record<string, string>>;
}

async function main(): Promise<number> {
  // Waits for it: there is nothing else to do.
  const given = process.argv[2] ?? readFileSync(STDIN, "utf8");
  // The one that started this process has no work for it, or is gone.
  if (given === "") return 0;
  const { app, reduces, environment, ...options }: WorkerProcessOptions = JSON.parse(given);
  Object.assign(process.env, environment);
  let loaded: LoadedApp;
  try {
    loaded = await loadApp(app);
    if (reduces !== undefined) checkReduces(loaded, reduces);
  } catch {
    // All workers fail in the same way: the job that started them says it once.
    return APP_NOT_LOADED;
  }
  return (await startWorker({ app: loaded, ...options })) === "completed" ? 0 : 1;
}

// Ctrl-C in a terminal reaches every process of the job: the one that started this one decides.
process.on("SIGINT", () => undefined);

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const text = error instanceof MrError ? error.message : (error as Error).stack;
    process.stderr.write(`worker ${process.pid}: ${text}\n`);
    process.exitCode = 1;
  },
);
