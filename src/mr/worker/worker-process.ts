/**
 * The program of a worker that a job has started itself. What mrworker does for a person at a terminal,
 * it does without a command line to parse: it is started often, and every module it loads is paid for.
 */
import { MrError } from "../errors.ts";
import { startWorker, type WorkerOptions } from "./start-worker.ts";

const options: WorkerOptions = JSON.parse(process.argv[2] ?? "{}");

// Ctrl-C in a terminal reaches every process of the job: the one that started this one decides.
process.on("SIGINT", () => undefined);

startWorker(options).then(
  (outcome) => {
    process.exitCode = outcome === "completed" ? 0 : 1;
  },
  (error: unknown) => {
    const text = error instanceof MrError ? error.message : (error as Error).stack;
    process.stderr.write(`worker ${process.pid}: ${text}\n`);
    process.exitCode = 1;
  },
);
