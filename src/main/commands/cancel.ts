import type { Command } from "commander";
import { MrError } from "../../mr/base/errors.ts";
import { askJob } from "../find-job.ts";
import { filePath } from "../parse-options.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr cancel
  tsmr cancel counts --reason 'wrong input'

What is done of the job stays: tsmr run --resume, or mrcoordinator --resume, goes on with it.`;

export function define(command: Command): Action {
  command
    .description("End a running job; the command that started it ends with exit code 1.")
    .argument(
      "[dir]",
      "directory of the job's output (default: mr-out, or the current one)",
      filePath,
    )
    .option("-d, --dir <dir>", "the same, as tsmr worker takes it", filePath)
    .option("--reason <text>", "what the job's own command is to say", "cancelled by tsmr cancel")
    .addHelpText("after", HELP);
  return async (
    directory: string | undefined,
    { reason, dir }: { readonly reason: string; readonly dir?: string },
  ) => {
    const { accepted } = await askJob(directory ?? dir, "job.cancel", { reason });
    if (!accepted) throw new MrError("JOB_NOT_FOUND", "The job has ended already");
    process.stderr.write("tsmr: The job is cancelled\n");
    return 0;
  };
}
