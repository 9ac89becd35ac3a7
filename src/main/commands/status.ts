import type { Command } from "commander";
import type { JobStatus } from "../../mr/control/protocol/protocol.ts";
import { formatElapsed } from "../../mr/watch/format/quantities.js";
import { plainText } from "../../mr/watch/format/text-width.ts";
import { askJob } from "../find-job.ts";
import { filePath } from "../parse-options.ts";
import { printResult } from "../print-result.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr status
  tsmr status counts
  tsmr status --json | jq .maps

It works for jobs of mrcoordinator as well: DIR is where that was started.`;

export function define(command: Command): Action {
  command
    .description("Say how a running job is doing.")
    .argument(
      "[dir]",
      "directory of the job's output (default: mr-out, or the current one)",
      filePath,
    )
    .option("-d, --dir <dir>", "the same, as tsmr worker takes it", filePath)
    .option("--json", "print it as JSON")
    .addHelpText("after", HELP);
  return async (
    directory: string | undefined,
    { json, dir }: { readonly json?: true; readonly dir?: string },
  ) => {
    const status = await askJob(directory ?? dir, "job.status", undefined);
    const text = json === true ? `${JSON.stringify(status, undefined, 2)}\n` : format(status);
    printResult(text);
    return 0;
  };
}

function format(status: JobStatus): string {
  const { app, directory, state, phase, elapsedMs, maps, reduces, workers, counters } = status;
  const rows: Array<[label: string, text: string]> = [
    ["job", `${plainText(app ?? "waiting for workers")} in ${plainText(directory)}`],
    ["state", `${state}, ${phase} phase, ${formatElapsed(elapsedMs)}`],
    ["maps", tasks(maps)],
    ["reduces", tasks(reduces)],
    ...workers.map(({ worker, pid, task }): [string, string] => {
      const what =
        task === null ? "waits" : `${task.phase} task ${task.task}, attempt ${task.attempt}`;
      return [`worker ${worker}`, `pid ${pid}, ${what}`];
    }),
    ...Object.entries(counters).map(([name, count]): [string, string] => {
      return [plainText(name), String(count)];
    }),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}\n`).join("");
}

function tasks({ idle, inProgress, completed }: JobStatus["maps"]): string {
  return `${completed} of ${idle + inProgress + completed} completed, ${inProgress} in progress`;
}
