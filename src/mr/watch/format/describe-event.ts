import { counted } from "../../base/counted.ts";
import type { JobEvent } from "../../job/events.ts";
import type { Attempt, Progress } from "../../job/task.ts";
import { formatBytes, formatCount } from "./quantities.ts";
import { plainText } from "./text-width.ts";

/**
 * One line about an event that all is well, for those who want to hear of everything. Undefined for
 * those that the coordinator has a line for, and for progress.
 */
export function describeEvent(event: JobEvent): string | undefined {
  switch (event.type) {
    case "jobPlanned": {
      const { app, splits, reduces } = event;
      // Before the first worker has come, nobody knows how inputs are cut.
      if (app === null) return undefined;
      const name = plainText(app);
      return `${counted(splits.length, "map task")} and ${counted(reduces, "reduce task")} for ${name}`;
    }
    case "workerJoined":
      return `worker ${event.worker} (pid ${event.pid}) has joined`;
    case "workerLeft":
      return `worker ${event.worker} has left`;
    case "attemptStarted": {
      const what = event.isBackup ? "starts as a backup" : "starts";
      return `${describeAttempt(event)} ${what} on worker ${event.worker}`;
    }
    case "attemptCompleted":
      return `${describeAttempt(event)} is completed${describeWork(event.progress)}`;
    case "taskRestored":
      return `${event.phase} task ${event.task} was completed before`;
    case "taskReopened":
    case "attemptFailed":
    case "attemptBlocked":
    case "attemptLost":
    case "attemptSuperseded":
    case "attemptProgressed":
    case "phaseStarted":
    case "jobStarted":
    case "jobEnded":
      return undefined;
  }
}

function describeAttempt({ phase, task, attempt }: Attempt): string {
  return `${phase} task ${task}, attempt ${attempt},`;
}

function describeWork(progress: Progress | undefined): string {
  if (progress === undefined) return "";
  const { records, bytes } = progress;
  return `: ${counted(records, "record", formatCount)}, ${formatBytes(bytes)} read and written`;
}
