/**
 * The program of a worker that a job has started itself. It does the work of mrworker without a command line
 * to parse: it is started often, and every module it loads costs time.
 */
import { readFileSync, writeSync } from "node:fs";
import type { CompiledApp } from "../../app/load/compile-app.ts";
import { checkReduces, type LoadedApp, loadApp } from "../../app/load/load-app.ts";
import { MrError } from "../../base/errors.ts";
import { ensureExit } from "../../base/exit.ts";
import { visibleLines } from "../../base/text.ts";
import { describeThrown, stackOf } from "../../base/thrown.ts";
import { describeRefusal } from "../../watch/format/describe-failure.ts";
import { Heartbeat } from "../../worker/heartbeat.ts";
import { WorkerRefusedError } from "../../worker/rpc-task-source.ts";
import { startWorker } from "../../worker/start-worker.ts";
import {
  APP_NOT_LOADED,
  EXPLANATION,
  type Explanation,
  WORKER_FAILED,
  type WorkerProcessOptions,
} from "./worker-contract.ts";

const STDIN = 0;

async function main(): Promise<number> {
  // It starts while this thread waits for the options.
  const heartbeat = new Heartbeat();
  // The read blocks: there is nothing else to do.
  const given = readFileSync(STDIN, "utf8");
  // The process that started this one has no work for it, or is gone.
  if (given === "") return 0;
  const { app, compiled, reduces, environment, explains, ...options }: WorkerProcessOptions =
    JSON.parse(given);
  Object.assign(process.env, environment);
  if (explains) return explainLoading(app, compiled, reduces);
  let loaded: LoadedApp;
  try {
    loaded = await loadApp(app, undefined, compiled);
    if (reduces !== undefined) checkReduces(loaded, reduces);
  } catch {
    // All workers fail in the same way, so the job reports it once.
    return APP_NOT_LOADED;
  }
  return (await startWorker({ app: loaded, ...options, heartbeat })) === "completed"
    ? 0
    : WORKER_FAILED;
}

/** Writes why the app cannot be loaded; null when it can. */
async function explainLoading(
  app: string,
  compiled: CompiledApp | undefined,
  reduces = Number.POSITIVE_INFINITY,
): Promise<number> {
  const explain = (explanation: Explanation | null) => {
    writeSync(EXPLANATION, JSON.stringify(explanation));
  };
  // Nothing is left in this process that could settle the promise.
  const onIdle = () => {
    const why = "at its top level, it waits for what never happens";
    explain({ code: "APP_NOT_LOADED", message: `Cannot load app "${app}": ${why}` });
  };
  process.once("beforeExit", onIdle);
  try {
    checkReduces(await loadApp(app, undefined, compiled), reduces);
    explain(null);
  } catch (error) {
    if (!(error instanceof MrError)) throw error;
    explain({ code: error.code, message: error.message });
  }
  process.off("beforeExit", onIdle);
  return 0;
}

// Ctrl-C in a terminal reaches every process of the job: the process that started this one decides.
process.on("SIGINT", () => undefined);
ensureExit();

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const why = error instanceof WorkerRefusedError ? `: ${describeRefusal(error.refusal)}` : "";
    const text =
      error instanceof MrError ? error.message + why : (stackOf(error) ?? describeThrown(error));
    process.stderr.write(visibleLines(`worker ${process.pid}: ${text}\n`));
    process.exitCode = WORKER_FAILED;
  },
);
