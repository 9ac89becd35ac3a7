import { Argument, type Command } from "commander";
import { readAsset } from "../../mr/base/assets.ts";
import { printResult } from "../print-result.ts";
import { SHIPPED_APPS } from "./apps.ts";
import type { Action } from "./catalog.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const HELP = `
Examples:
  source <(tsmr completion bash)                                  in ~/.bashrc
  source <(tsmr completion zsh)                                   in ~/.zshrc, after compinit
  tsmr completion fish > ~/.config/fish/completions/tsmr.fish`;

/** Options whose value is a file or a directory. */
const FILES = /<(dir|file|path)>/;

interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  /** The words that its first argument may be, besides a file. */
  readonly firstWords: readonly string[];
  readonly takesFiles: boolean;
  readonly options: readonly CompletionOption[];
}

interface CompletionOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** The kind of value that it requires, if any. */
  readonly value: "file" | "other" | undefined;
}

export function define(command: Command): Action {
  command
    .description("Print what a shell needs to complete commands, options and apps.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices([...SHELLS]))
    .addHelpText("after", HELP);
  return async (shell: Shell) => {
    printResult({ bash, zsh, fish }[shell](await describeCommands(command)));
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
  const firstWords = COMMANDS.map(({ name }) => name);
  const summary = "display help for command";
  return [...commands, { name: "help", summary, firstWords, takesFiles: false, options: [] }];
}

function describe(command: Command): Omit<CompletionCommand, "name" | "summary"> {
  const args = command.registeredArguments.map((argument) => argument.name());
  const [first = ""] = args;
  const words: Record<string, readonly string[]> = {
    app: SHIPPED_APPS.map(({ name }) => name),
    shell: SHELLS,
  };
  const shown = command.options.filter(({ hidden }) => !hidden);
  const options = shown.map(({ long, short, description, flags, required }) => ({
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

function bash(commands: readonly CompletionCommand[]): string {
  const cases = commands.map(({ name, options, firstWords, takesFiles }) => {
    const flags = options.map(({ long }) => long).join(" ");
    const files = takesFiles ? 1 : "";
    return `    ${name}) flags="${flags}"; first="${firstWords.join(" ")}"; files=${files} ;;`;
  });
  return script("bash", commands, commands.map(({ name }) => name).join(" "), cases);
}

function zsh(commands: readonly CompletionCommand[]): string {
  const described = (word: string, meaning: string) => {
    return quote(`${word}:${meaning.replaceAll(":", "\\:")}`);
  };
  const names = commands.map(({ name, summary }) => `    ${described(name, summary)}`);
  const cases = commands.map(({ name, options, firstWords, takesFiles }) => {
    const flags = options.map(
      ({ long, description }) => `        ${described(long, description)}\n`,
    );
    return `    ${name})
      first=(${firstWords.join(" ")}) files=${takesFiles ? 1 : 0}
      flags=(\n${flags.join("")}      ) ;;`;
  });
  return script("zsh", commands, names.join("\n"), cases);
}

function fish(commands: readonly CompletionCommand[]): string {
  const lines = [
    "function __tsmr_words; test (count (commandline -opc)) -eq $argv[1]; end",
    "function __tsmr_is; set -l words (commandline -opc); test (count $words) -ge 2; and test $words[2] = $argv[1]; end",
    "complete -c tsmr -f",
  ];
  for (const { name, summary } of commands) {
    lines.push(`complete -c tsmr -n '__tsmr_words 1' -a ${name} -d ${quote(summary)}`);
  }
  for (const { name, options, firstWords, takesFiles } of commands) {
    const condition = `complete -c tsmr -n '__tsmr_is ${name}`;
    if (takesFiles) lines.push(`${condition}' -F`);
    if (firstWords.length > 0) {
      lines.push(`${condition}; and __tsmr_words 2' -a ${quote(firstWords.join(" "))}`);
    }
    for (const { long, short, description, value } of options) {
      const letter = short === undefined ? "" : ` -s ${short.slice(1)}`;
      const needs = { file: " -r -F", other: " -x", none: "" }[value ?? "none"];
      lines.push(`${condition}' -l ${long.slice(2)}${letter}${needs} -d ${quote(description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A script for a shell: its file here, in which the command is the second word, its first argument the third. */
function script(
  shell: Shell,
  commands: readonly CompletionCommand[],
  names: string,
  cases: readonly string[],
): string {
  const flagsWith = (kind: CompletionOption["value"]) => {
    const options = commands.flatMap((command) => command.options);
    const flags = options.flatMap(({ long, short, value }) => {
      return value === kind ? [long, short].filter((flag) => flag !== undefined) : [];
    });
    return [...new Set(flags)].join("|");
  };
  return readAsset(`main/completion/tsmr.${shell}`)
    .toString()
    .replace("@NAMES@", () => names)
    .replace("@CASES@", () => cases.join("\n"))
    .replace("@FILE_FLAGS@", () => flagsWith("file"))
    .replace("@OTHER_FLAGS@", () => flagsWith("other"));
}

/** In single quotes, which all three shells understand. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
