import { basename, join, relative } from "node:path";
import { describeCause, MrError } from "../mr/base/errors.ts";
import type { NumberLine } from "../mr/data/output/top-lines.ts";
import type { JobResult } from "../mr/engines/run-job.ts";
import { MERGED_OUTPUT_NAME } from "../mr/job/names.ts";
import { SKIPPED_RECORDS } from "../mr/job/task.ts";
import { storageFor } from "../mr/storage/registry.ts";
import type { JobView } from "../mr/watch/history/job-view.ts";
import { printResult } from "./print-result.ts";
import { shellWord } from "./shell-words.ts";

/** What to do with the output of a complete job. */
interface Delivery {
  readonly merge: true | undefined;
  readonly top: number | undefined;
  /** What happened in the job, if --json was asked for. */
  readonly view: JobView | undefined;
  /** Absolute path of the job directory. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Merges and searches the output as asked for, and says where it is.
 *
 * @throws MrError when that fails or is cancelled; the job stays complete
 */
export async function deliverOutput(result: JobResult, delivery: Delivery): Promise<void> {
  const { merge, top, view, directory, signal, say } = delivery;
  let { outputs } = result;
  const isMerged = () => outputs.length === 1 && outputs[0] === join(directory, MERGED_OUTPUT_NAME);
  let best: readonly NumberLine[] | undefined;
  try {
    if (merge === true && !isMerged()) {
      const { mergeOutputs } = await import("../mr/data/output/merge-outputs.ts");
      outputs = [await mergeOutputs(storageFor(directory), directory, outputs, { signal })];
    }
    if (top !== undefined) {
      const { topLines } = await import("../mr/data/output/top-lines.ts");
      best = await topLines(storageFor(directory), outputs, top, signal);
    }
  } catch (error) {
    const what = merge === true && !isMerged() ? "merged" : "searched for --top";
    const code = error instanceof MrError ? error.code : "OUTPUT_UNWRITABLE";
    throw new MrError(
      signal.aborted ? "JOB_CANCELLED" : code,
      `The job is complete, but its output is not ${what}: ${describeCause(error)}`,
    );
  }
  for (const [name, count] of Object.entries(result.counters)) {
    // The job has reported these itself.
    if (name !== SKIPPED_RECORDS) say(`${name}: ${count}`);
  }
  const [first = ""] = outputs;
  const files = outputs.length === 1 ? basename(first) : "mr-out-*";
  const folder = nearest(directory);
  say(`Done in ${(result.elapsedMs / 1000).toFixed(2)} s: the output is in ${folder}/${files}`);
  if (best?.length === 0) say("No value of it is a number, so there is nothing for --top");
  if (view !== undefined) {
    const { jobFigures } = await import("./job-figures.ts");
    const document = {
      directory,
      ...result,
      outputs,
      ...jobFigures(view),
      ...(best === undefined ? {} : { top: best.map(({ key, value }) => ({ key, value })) }),
    };
    printResult(`${JSON.stringify(document, undefined, 2)}\n`);
  } else if (best !== undefined) {
    printResult(best.map(({ key, text }) => `${key} ${text}\n`).join(""));
  } else {
    const path = `${shellWord(folder)}/${files}`;
    say(`To look at it: ${outputs.length === 1 ? `less ${path}` : `sort ${path} | less`}`);
  }
}

/** The path relative to the current directory, unless that leads out of it. */
function nearest(directory: string): string {
  const path = relative(process.cwd(), directory) || ".";
  if (/^\.\.|^\//.test(path)) return directory;
  // A program could take it for an option.
  return path.startsWith("-") ? `./${path}` : path;
}
