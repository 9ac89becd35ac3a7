import { Command } from "commander";
import { COMMANDS } from "./commands/catalog.ts";
import { packageVersion } from "./package-version.ts";
import { runProgram, setAction } from "./run-command.ts";

const program = new Command("tsmr")
  .description("MapReduce for TypeScript.")
  .version(packageVersion())
  .addHelpText("after", "\nExamples:\n  tsmr run wc 'books/*.txt' --top 10\n  tsmr help run");

const [, , first, second] = process.argv;
const wanted = first === "help" ? second : first;
for (const { name, summary, load } of COMMANDS) {
  const command = program.command(name).summary(summary);
  if (name === wanted) setAction(command, (await load()).define(command));
}
runProgram(program);
