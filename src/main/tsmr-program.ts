import { Command } from "commander";
import { packageVersion } from "../mr/base/assets.ts";
import { COMMANDS } from "./commands/catalog.ts";
import { runProgram, setAction, wantedCommand } from "./run-command.ts";

const program = new Command("tsmr")
  .description("MapReduce for TypeScript.")
  .version(packageVersion())
  .addHelpText("after", "\nExamples:\n  tsmr run wc 'books/*.txt' --top 10\n  tsmr help run");

const wanted = wantedCommand();
for (const { name, summary, load } of COMMANDS) {
  const command = program.command(name).summary(summary);
  if (name === wanted) setAction(command, (await load()).define(command));
}
// Commander's own help command prints the help of the program for a command that does not exist.
const help = program.command("help [command]").summary("display help for command");
setAction(help, async (name: string | undefined) => {
  const command = program.commands.find((part) => part.name() === name);
  if (name !== undefined && command === undefined) {
    await program.parseAsync([name], { from: "user" });
  }
  (command ?? program).outputHelp();
  return 0;
});
runProgram(program);
