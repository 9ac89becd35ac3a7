/**
 * The program of a worker that a job has started itself. What mrworker does for a person at a terminal,
 * it does without a command line to parse: it is started often, and every module it loads is paid for.
 */
import { readFileSync, writeSync } from "node:fs";
import { checkReduces } from "../../app/load/check-reduces.ts";
import { type LoadedApp, loadApp } from "../../app/load/load-app.ts";
import { MrError } from "../../base/errors.ts";
import { describeThrown, stackOf } from "../../base/thrown.ts";
import { visibleLines } from "../../base/visible-text.ts";
import { startWorker, type WorkerOptions } from "../../worker/start-worker.ts";
import { APP_NOT_LOADED, WORKER_FAILED } from "./exit-codes.ts";
import { EXPLANATION, type Explanation } from "./explanation.ts";

const STDIN = 0;

/** What a worker process is told, as JSON in its first argument, or else on its standard input. */
export interface WorkerProcessOptions extends Omit<WorkerOptions, "app"> {
  /** Absolute path of the app. */
  readonly app: string;
  /** How many reduce tasks there are, where that is known. */
  readonly reduces?: number | undefined;
  /** Variables to set before the app is loaded. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Only loads the app, and says what is wrong with it. */
  readonly explains?: boolean | undefined;
}

async function main(): Promise<number> {
  // Waits for it: there is nothing else to do.
  const given = process.argv[2] ?? readFileSync(STDIN, "utf8");
  // The one that started this process has no work for it, or is gone.
  if (given === "") return 0;
  const { app, reduces, environment, explains, ...options }: WorkerProcessOptions =
    JSON.parse(given);
  Object.assign(process.env, environment);
  if (explains) return explainLoading(app, reduces);
  let loaded: LoadedApp;
  try {
    loaded = await loadApp(app);
    if (reduces !== undefined) checkReduces(loaded, reduces);
  } catch {
    // All workers fail in the same way: the job that started them has it said once.
    return APP_NOT_LOADED;
  }
  return (await startWorker({ app: loaded, ...options })) === "completed" ? 0 : WORKER_FAILED;
}

/** Says why the app cannot be loaded; null when it can. */
async function explainLoading(app: string, reduces = Number.POSITIVE_INFINITY): Promise<number> {
  const explain = (explanation: Explanation | null) => {
    writeSync(EXPLANATION, JSON.stringify(explanation));
  };
  // There is nothing left to do in this process.
  const onIdle = () => {
    const why = "at its top level, it waits for what never happens";
    explain({ code: "APP_NOT_LOADED", message: `Cannot load app "${app}": ${why}` });
  };
  process.once("beforeExit", onIdle);
  try {
    checkReduces(await loadApp(app), reduces);
    explain(null);
  } catch (error) {
    if (!(error instanceof MrError)) throw error;
    explain({ code: error.code, message: error.message });
  }
  process.off("beforeExit", onIdle);
  return 0;
}

// Ctrl-C in a terminal reaches every process of the job: the one that started this one decides.
process.on("SIGINT", () => undefined);

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const text =
      error instanceof MrError ? error.message : (stackOf(error) ?? describeThrown(error));
    process.stderr.write(visibleLines(`worker ${process.pid}: ${text}\n`));
    process.exitCode = WORKER_FAILED;
  },
);
