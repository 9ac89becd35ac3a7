import { Command } from "commander";
import type { RunJobOptions } from "../mr/engines/run-job.ts";
import { runInThisProcess } from "./commands/sequential.ts";
import { addApp, addOptions } from "./options.ts";
import { runCommand } from "./run-command.ts";

const command = addApp(new Command("mrsequential"), "wc.ts")
  .description("Run a MapReduce job in this one process, and write its output to mr-out-0.")
  .argument("<inputs...>", "input files, directories, or quoted patterns");
addOptions(command, "maxBadRecords").addHelpText(
  "after",
  "\nExample:\n  tsx mrsequential.ts wc.ts pg-*.txt",
);

type Options = Pick<RunJobOptions, "maxBadRecords">;

runCommand(command, async (spec: string, inputs: string[], options: Options) => {
  return await runInThisProcess("mrsequential", spec, inputs, undefined, options);
});
