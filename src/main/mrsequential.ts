import { Command } from "commander";
import { runInThisProcess } from "./commands/sequential.ts";
import { addApp } from "./options.ts";
import { runCommand } from "./run-command.ts";

const command = addApp(new Command("mrsequential"), "wc.ts")
  .description("Run a MapReduce job in this one process, and write its output to mr-out-0.")
  .argument("<inputs...>", "input files, directories, or quoted patterns")
  .addHelpText("after", "\nExample:\n  tsx mrsequential.ts wc.ts pg-*.txt");

runCommand(command, async (spec: string, inputs: string[]) => {
  return await runInThisProcess(spec, inputs);
});
