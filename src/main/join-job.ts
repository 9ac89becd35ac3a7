import { MrError } from "../mr/base/errors.ts";
import { visibleLines } from "../mr/base/visible-text.ts";
import { startWorker, type WorkerOptions } from "../mr/worker/start-worker.ts";
import { stopWatchingForNothingLeft } from "./nothing-left.ts";

const ENDS = {
  completed: "The job is complete",
  failed: "The job has failed",
  cancelled: "The job was cancelled",
};

/**
 * Makes this process a worker that a person has started, and reports its progress on standard error.
 *
 * @param program the name of the command
 * @returns the exit code
 * @throws MrError when there is no coordinator, it refuses this worker, or has gone
 */
export async function joinJob(program: string, options: WorkerOptions): Promise<number> {
  const say = (line: string) => process.stderr.write(visibleLines(`${program}: ${line}\n`));
  let hasJoined = false;
  let tasks = 0;
  const did = () => `this worker has done ${tasks === 1 ? "1 task" : `${tasks} tasks`}`;
  // A worker fails the attempt that waits for ever, and goes on.
  stopWatchingForNothingLeft();
  try {
    const outcome = await startWorker({
      ...options,
      onJoined: ({ worker, directory }) => {
        const again = hasJoined ? "resumed " : "";
        hasJoined = true;
        say(
          `Joined the ${again}job of ${options.app.name} in "${directory}" as worker ${worker} (pid ${process.pid})`,
        );
      },
      onTaskDone: () => {
        tasks += 1;
      },
    });
    say(`${ENDS[outcome]}; ${did()}`);
    return outcome === "completed" ? 0 : 1;
  } catch (error) {
    if (!hasJoined || !(error instanceof MrError)) throw error;
    throw new MrError(error.code, `${error.message}; ${did()}`, { cause: error });
  }
}
