import { Command } from "commander";
import { isRecordApp } from "../mr/app/define-app.ts";
import { loadApp } from "../mr/app/load-app.ts";
import { resolveInputs } from "../mr/job/resolve-inputs.ts";
import { runRecordApp } from "../mr/sequential/run-record-app.ts";
import { runSequential } from "../mr/sequential/run-sequential.ts";
import { writeLines } from "../mr/sequential/write-lines.ts";
import { runCommand } from "./run-command.ts";

const command = new Command("mrsequential")
  .description("Run a MapReduce job in this one process, and write its output to mr-out-0.")
  .argument("<app>", "file of the app, or the name of a shipped one such as wc.ts")
  .argument("<inputs...>", "input files, directories, or quoted patterns")
  .addHelpText("after", "\nExample:\n  tsx mrsequential.ts wc.ts pg-*.txt");

runCommand(command, async (spec: string, patterns: string[]): Promise<number> => {
  // Inputs and app before anything runs, so that a wrong argument costs no time.
  const files = await resolveInputs(patterns, process.cwd());
  const { app } = await loadApp(spec);
  const lines = isRecordApp(app)
    ? [await runRecordApp(app, files)]
    : await runSequential(app, files);
  await writeLines("mr-out-0", lines);
  return 0;
});
