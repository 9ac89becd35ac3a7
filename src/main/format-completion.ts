import { SHIPPED_APPS } from "./shipped-apps.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What of a command can be completed. */
export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  /** Whether its first argument is an app. */
  readonly takesApp: boolean;
  /** Whether it is a shell. */
  readonly takesShell: boolean;
  readonly options: ReadonlyArray<{
    readonly long: string;
    readonly short: string | undefined;
    readonly description: string;
  }>;
}

/** The completion of `tsmr` as a script for a shell. Where nothing else fits, files are completed. */
export function formatCompletion(shell: Shell, commands: readonly CompletionCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function bash(commands: readonly CompletionCommand[]): string {
  const cases = commands.map(({ name, options }) => {
    const flags = [...options.map(({ long }) => long), "--help"].join(" ");
    return `    ${name}) flags="${flags}"; first="${firstWords(name, commands)}" ;;`;
  });
  return `_tsmr() {
  local word=\${COMP_WORDS[COMP_CWORD]} flags="" first=""
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help" -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  COMPREPLY=()
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif ((COMP_CWORD == 2)) && [[ -n $first ]]; then
    COMPREPLY=($(compgen -W "$first" -- "$word"))
  fi
}
complete -o default -F _tsmr tsmr
`;
}

function zsh(commands: readonly CompletionCommand[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options }) => {
    const flags = options.map(({ long, description }) => {
      return `        ${quote(`${long.replaceAll(":", "\\:")}:${description.replaceAll(":", "\\:")}`)}`;
    });
    const first = firstWords(name, commands);
    const words = first === "" ? "" : `\n      first=(${first})`;
    return `    ${name})${words}\n      flags=(\n${flags.join("\n")}\n      ) ;;`;
  });
  return `#compdef tsmr
_tsmr() {
  local -a commands flags first
  commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe option flags
  else
    ((CURRENT == 3)) && compadd -a first
    _files
  fi
}
compdef _tsmr tsmr
`;
}

function fish(commands: readonly CompletionCommand[]): string {
  const lines = commands.map(({ name, summary }) => {
    return `complete -c tsmr -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`;
  });
  for (const { name, options } of commands) {
    const condition = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    for (const { long, short, description } of options) {
      const letter = short === undefined ? "" : ` -s ${short.slice(1)}`;
      lines.push(
        `complete -c tsmr ${condition} -l ${long.slice(2)}${letter} -d ${quote(description)}`,
      );
    }
    const first = firstWords(name, commands);
    if (first !== "") lines.push(`complete -c tsmr ${condition} -a ${quote(first)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What a command's first argument may be, besides a file. */
function firstWords(name: string, commands: readonly CompletionCommand[]): string {
  const command = commands.find((candidate) => candidate.name === name);
  if (command?.takesApp === true) return SHIPPED_APPS.map(([app]) => app).join(" ");
  return command?.takesShell === true ? SHELLS.join(" ") : "";
}

/** In single quotes, as all three take it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
