export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The parts of a command that can be completed. */
export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  /** The words that its first argument may be, besides a file. */
  readonly firstWords: readonly string[];
  /** Whether any of its arguments is a file or a directory. */
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

/** The completion of `tsmr` as a script for a shell. */
export function formatCompletion(shell: Shell, commands: readonly CompletionCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

/** In each script: the command is the second word, its first argument the third. */
function bash(commands: readonly CompletionCommand[]): string {
  const cases = commands.map(({ name, options, firstWords, takesFiles }) => {
    const flags = options.map(({ long }) => long).join(" ");
    const files = takesFiles ? 1 : "";
    return `    ${name}) flags="${flags}"; first="${firstWords.join(" ")}"; files=${files} ;;`;
  });
  const names = commands.map(({ name }) => name).join(" ");
  return `_tsmr() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} flags="" first="" files=""
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${names}" -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  case $before in
    ${flagsWith("file", commands).join("|")}) compopt -o default 2> /dev/null; return ;;
    ${flagsWith("other", commands).join("|")}) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
    return
  fi
  if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W "$first" -- "$word")); fi
  if [[ -n $files ]]; then compopt -o default 2> /dev/null; fi
}
complete -F _tsmr tsmr
`;
}

function zsh(commands: readonly CompletionCommand[]): string {
  const names = commands.map(({ name, summary }) => `    ${described(name, summary)}`);
  const cases = commands.map(({ name, options, firstWords, takesFiles }) => {
    const flags = options.map(
      ({ long, description }) => `        ${described(long, description)}\n`,
    );
    return `    ${name})
      first=(${firstWords.join(" ")}) files=${takesFiles ? 1 : 0}
      flags=(\n${flags.join("")}      ) ;;`;
  });
  return `#compdef tsmr
_tsmr() {
  local -a commands flags first
  local files=0
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
  case $words[CURRENT-1] in
    ${flagsWith("file", commands).join("|")}) _files; return ;;
    ${flagsWith("other", commands).join("|")}) return 1 ;;
  esac
  if [[ $PREFIX == -* ]]; then
    _describe option flags
    return
  fi
  local found=1
  ((CURRENT == 3 && $#first)) && compadd -a first && found=0
  ((files)) && _files && found=0
  return found
}
# Either as the file _tsmr in a folder of $fpath, or read by source.
if [[ $funcstack[1] == _tsmr ]]; then
  _tsmr "$@"
else
  compdef _tsmr tsmr
fi
`;
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

/** All flags, long and short, that require a value of this kind. */
function flagsWith(kind: "file" | "other", commands: readonly CompletionCommand[]): string[] {
  const options = commands.flatMap((command) => command.options);
  const flags = options
    .filter(({ value }) => value === kind)
    .flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
  return [...new Set(flags)];
}

/** A word and its description, in the form of zsh. */
function described(word: string, meaning: string): string {
  return quote(`${word}:${meaning.replaceAll(":", "\\:")}`);
}

/** In single quotes, which all three shells understand. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
