import { Argument, type Command } from "commander";
import {
  type CompletionCommand,
  formatCompletion,
  SHELLS,
  type Shell,
} from "../format-completion.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  source <(tsmr completion bash)                                  in ~/.bashrc
  source <(tsmr completion zsh)                                   in ~/.zshrc, after compinit
  tsmr completion fish > ~/.config/fish/completions/tsmr.fish`;

export function define(command: Command): Action {
  command
    .description("Print what a shell needs to complete commands, options and apps.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices([...SHELLS]))
    .addHelpText("after", HELP);
  return async (shell: Shell) => {
    process.stdout.write(formatCompletion(shell, await describeCommands(command)));
    return 0;
  };
}

async function describeCommands(completion: Command): Promise<CompletionCommand[]> {
  // Here, because the catalogue imports this file, though only when it is run.
  const { COMMANDS } = await import("./catalog.ts");
  return await Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      // A command of the same kind, so that this file needs no other import of the parser.
      const command = completion.createCommand(name);
      (await load()).define(command);
      return {
        name,
        summary,
        takesApp: command.registeredArguments[0]?.name() === "app",
        takesShell: command.registeredArguments[0]?.name() === "shell",
        options: command.options.map(({ long, short, description }) => ({
          long: long ?? "",
          short,
          description,
        })),
      };
    }),
  );
}
