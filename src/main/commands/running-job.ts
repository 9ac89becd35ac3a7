import { existsSync } from "node:fs";
import type { Command } from "commander";
import { isDirectory } from "../../mr/base/directories.ts";
import { isLasting } from "../../mr/base/error-codes.ts";
import { describeCause, MrError, UsageError } from "../../mr/base/errors.ts";
import { socketPathOf } from "../../mr/base/socket-path.ts";
import { RpcClient } from "../../mr/control/protocol/client.ts";
import type { JobStatus, Method, Params, Results } from "../../mr/control/protocol/protocol.ts";
import { isUnreachable } from "../../mr/control/protocol/transport.ts";
import { hasJobLog } from "../../mr/storage/registry.ts";
import { formatElapsed } from "../../mr/watch/format/quantities.js";
import { plainText } from "../../mr/watch/format/text-width.ts";
import { callWhenAccepted } from "../call-when-accepted.ts";
import { addOptions, filePath } from "../options.ts";
import { printJson, printResult } from "../print-result.ts";
import type { CommandModule } from "./catalog.ts";

const STATUS_HELP = `
Examples:
  tsmr status
  tsmr status counts
  tsmr status --json | jq .maps

It works for jobs of mrcoordinator as well: DIR is where that was started.`;

const CANCEL_HELP = `
Examples:
  tsmr cancel
  tsmr cancel counts --reason 'wrong input'

What is done of the job stays: tsmr run --resume, or mrcoordinator --resume, goes on with it.`;

/** The default directories of jobs: of `tsmr run`, and of `mrcoordinator`. */
const USUAL_DIRECTORIES = ["mr-out", "."];

interface Options {
  readonly dir?: string;
  readonly json?: true;
  readonly reason: string;
}

export const status: CommandModule = {
  define(command) {
    addDirectory(command.description("Say how a running job is doing."))
      .option("--json", "print it as JSON")
      .addHelpText("after", STATUS_HELP);
    return async (directory: string | undefined, { json, dir }: Options) => {
      const job = await askJob(directory ?? dir, "job.status", undefined);
      if (json === true) printJson(job);
      else printResult(format(job));
      return 0;
    };
  },
};

export const cancel: CommandModule = {
  define(command) {
    command.description("End a running job; the command that started it ends with exit code 1.");
    addDirectory(command)
      .option("--reason <text>", "what the job's own command is to say", "cancelled by tsmr cancel")
      .addHelpText("after", CANCEL_HELP);
    return async (directory: string | undefined, { reason, dir }: Options) => {
      const { accepted } = await askJob(directory ?? dir, "job.cancel", { reason });
      if (!accepted) throw new MrError("JOB_NOT_FOUND", "The job has ended already");
      process.stderr.write("tsmr: The job is cancelled\n");
      return 0;
    };
  },
};

function addDirectory(command: Command): Command {
  const description = "directory of the job's output (default: mr-out, or the current one)";
  return addOptions(command.argument("[dir]", description, filePath), "sameDir");
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

/**
 * Asks the coordinator of a running job.
 *
 * @param directory the job directory; if undefined, `mr-out` and the current one
 * @throws UsageError when there is no such directory; MrError when no job is running there, or it does not answer
 */
async function askJob<M extends Method>(
  directory: string | undefined,
  method: M,
  params: Params<M>,
): Promise<Results[M]> {
  const directories = directory === undefined ? USUAL_DIRECTORIES : [directory];
  if (directory !== undefined && !isDirectory(directory)) {
    const why = existsSync(directory) ? "it is not a directory" : "it does not exist";
    throw new UsageError(`No job is running in directory "${directory}": ${why}`);
  }
  for (const candidate of directories) {
    if (!existsSync(candidate)) continue;
    const client = new RpcClient(socketPathOf(candidate));
    try {
      return await callWhenAccepted(client, method, params);
    } catch (error) {
      if (!isUnreachable(error)) {
        throw new MrError(
          "COORDINATOR_UNREACHABLE",
          `Cannot ask the job in directory "${candidate}": ${describeCause(error)}`,
        );
      }
    } finally {
      client.close();
    }
  }
  throw new MrError("JOB_NOT_FOUND", await describeAbsence(directories));
}

async function describeAbsence(directories: readonly string[]): Promise<string> {
  const begun = directories.find((directory) => hasJobLog(directory));
  if (begun !== undefined) {
    // Loaded only if there is a job that has ended.
    const { FileJobLog } = await import("../../mr/control/log/file-job-log.ts");
    const { describeJobFailure } = await import("../../mr/watch/format/describe-failure.ts");
    const outcome = FileJobLog.stateOf(begun)?.outcome;
    // mrcoordinator keeps the journal of a complete job.
    if (outcome?.state === "completed") {
      return `No job is running in directory "${begun}": the last one is complete`;
    }
    const failure = outcome?.state === "failed" ? describeJobFailure(outcome.reason) : undefined;
    if (failure !== undefined && isLasting(failure.code)) {
      return `No job is running in directory "${begun}", but one failed there: ${failure.message}`;
    }
    return `No job is running in directory "${begun}", but one was interrupted or failed there: tsmr run --resume goes on with it`;
  }
  const names = directories.map((directory) => `"${directory}"`);
  if (names.length === 1) return `No job is running in directory ${names[0]}`;
  return `No job is running in ${names.join(" or ")}: name the directory of its output`;
}
