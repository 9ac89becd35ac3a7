import { Argument, type Command } from "commander";
import {
  type CompletionCommand,
  formatCompletion,
  SHELLS,
  type Shell,
} from "../format-completion.ts";
import { printResult } from "../print-result.ts";
import { SHIPPED_APPS } from "../shipped-apps.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  source <(tsmr completion bash)                                  in ~/.bashrc
  source <(tsmr completion zsh)                                   in ~/.zshrc, after compinit
  tsmr completion fish > ~/.config/fish/completions/tsmr.fish`;

/** Options whose value is a file or a directory. */
const FILES = /<(dir|file|path)>/;

export function define(command: Command): Action {
  command
    .description("Print what a shell needs to complete commands, options and apps.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices([...SHELLS]))
    .addHelpText("after", HELP);
  return async (shell: Shell) => {
    printResult(formatCompletion(shell, await describeCommands(command)));
    return 0;
  };
}

async function describeCommands(completion: Command): Promise<CompletionCommand[]> {
  // Imported here because the catalogue imports this file.
  const { COMMANDS } = await import("./catalog.ts");
  const commands = await Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      // Made by the command at hand, so that this file does not load the parser.
      const command = completion.createCommand(name);
      (await load()).define(command);
      return { name, summary, ...describe(command) };
    }),
  );
  return [
    ...commands,
    {
      name: "help",
      summary: "display help for command",
      firstWords: COMMANDS.map(({ name }) => name),
      takesFiles: false,
      options: [],
    },
  ];
}

function describe(command: Command): Omit<CompletionCommand, "name" | "summary"> {
  const args = command.registeredArguments.map((argument) => argument.name());
  const [first = ""] = args;
  const words: Record<string, readonly string[]> = {
    app: SHIPPED_APPS.map(([app]) => app),
    shell: SHELLS,
  };
  const options = command.options.map(({ long, short, description, flags, required }) => ({
    long: long ?? "",
    short,
    description,
    value: !required ? undefined : FILES.test(flags) ? ("file" as const) : ("other" as const),
  }));
  const help = { long: "--help", short: "-h", description: "display help", value: undefined };
  return {
    firstWords: words[first] ?? [],
    takesFiles: args.some((name) => ["app", "inputs", "dir"].includes(name)),
    options: [...options, help],
  };
}
