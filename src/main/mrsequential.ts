import { Command } from "commander";
import { runInThisProcess } from "./commands/sequential.ts";
import { appSpec } from "./parse-options.ts";
import { runCommand } from "./run-command.ts";

const command = new Command("mrsequential")
  .description("Run a MapReduce job in this one process, and write its output to mr-out-0.")
  .argument("<app>", "file of the app, or the name of a shipped one such as wc.ts", appSpec)
  .argument("<inputs...>", "input files, directories, or quoted patterns")
  .addHelpText("after", "\nExample:\n  tsx mrsequential.ts wc.ts pg-*.txt");

runCommand(command, async (spec: string, patterns: string[]): Promise<number> => {
  await runInThisProcess(spec, patterns, "mr-out-0");
  return 0;
});
