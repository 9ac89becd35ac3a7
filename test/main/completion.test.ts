// Tests src/main/commands/completion.ts in real shells.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/main/commands/catalog.ts";
import { SHELLS, type Shell } from "../../src/main/commands/completion.ts";
import { shellWord } from "../../src/main/shell-words.ts";
import { isSkippedFor } from "../support/needs.ts";
import { Folder, newFolder } from "../support/tsmr.ts";

/** What a shell makes of a command line when its completion is asked for. */
type Complete = (line: string) => string[];

/** Read by the shell that is tried: Ctrl-X then prints the line as it is, and empties it. */
const ZSH_SETUP = `
PS1= RPS1=
unsetopt zle_bracketed_paste
autoload -U compinit
compinit -u -D
source completion.zsh
show() { print -r -- "[[$BUFFER]]"; BUFFER= }
zle -N show
bindkey '^X' show
print -r -- '[[ready]]'
`;
/** Types a line and Tab into such a shell, and prints what it shows. */
const ZSH = `
zmodload zsh/zpty
shown() { local part; REPLY=; until [[ $REPLY == *']]'* ]]; do zpty -r shell part || return; REPLY+=$part; done }
zpty shell zsh -f -i
zpty -w shell 'source setup.zsh'
shown
zpty -w -n shell "$1"$'\\t\\x18'
shown
print -r -- "$REPLY"
zpty -d shell
`;

const COMPLETE: Record<Shell, (folder: Folder) => Complete> = {
  bash: (folder) => (line) => {
    const words = line.split(" ");
    const script = `compopt() { FILES=1; }; source completion.bash
      COMP_WORDS=(${words.map(shellWord).join(" ")}); COMP_CWORD=${words.length - 1}; _tsmr
      printf '%s\n' "\${COMPREPLY[@]}"; [[ -z $FILES ]] || compgen -f -- ${shellWord(words.at(-1) ?? "")} || true`;
    return run(folder, "bash", ["-c", script]);
  },
  // It gives the one way to go on, which is what the line has become.
  zsh: (folder) => (line) => {
    const shown = run(folder, "zsh", ["-fc", ZSH, "zsh", line]).join("\n");
    const made = /\[\[([^\]]*)\]\]/.exec(shown)?.[1]?.trimEnd().replace(/\/$/, "");
    if (made === undefined) throw new Error(`The shell showed ${JSON.stringify(shown)}`);
    return made === line ? [] : [made.slice(made.lastIndexOf(" ") + 1)];
  },
  fish: (folder) => (line) => {
    const script = `source completion.fish; complete -C ${shellWord(line)}`;
    const found = run(folder, "fish", ["--no-config", "-c", script]);
    return found.map((text) => text.split("\t", 1)[0]?.replace(/\/$/, "") ?? "");
  },
};

function run(folder: Folder, program: string, args: readonly string[]): string[] {
  const env = { ...process.env, HOME: folder.directory, TERM: "dumb", LC_ALL: "C.UTF-8" };
  const text = execFileSync(program, args, { cwd: folder.directory, env }).toString();
  return text.split("\n").filter((found) => found !== "");
}

describe.each(SHELLS)("the completion for %s", (shell) => {
  const isThere = spawnSync(shell, ["--version"]).status === 0;
  const lack = isThere ? undefined : `there is no ${shell}`;
  const folder = new Folder();
  const complete = COMPLETE[shell](folder);

  beforeAll(async () => {
    const { code, stdout, stderr } = await folder.tsmr("completion", shell).ended;
    expect([code, stderr]).toEqual([0, ""]);
    folder.write(`completion.${shell}`, stdout);
    folder.write("setup.zsh", ZSH_SETUP);
    folder.write("input-1.txt", "");
    mkdirSync(folder.path("output-of-it"));
  });
  afterAll(() => folder.end());
  beforeEach(({ skip }) => skip(isSkippedFor(lack), lack));

  it.each([
    ["a command", "tsmr ru", "run"],
    ["help", "tsmr hel", "help"],
    ["a command to explain", "tsmr help stat", "status"],
    ["a shipped app", "tsmr run top", "top_words"],
    ["an app of one's own", "tsmr worker app", "app.ts"],
    ["an input", "tsmr run wc inp", "input-1.txt"],
    ["an option", "tsmr run wc input-1.txt --red", "--reduces"],
    ["an option that takes something away", "tsmr run wc --no-b", "--no-backups"],
    ["--help", "tsmr status --he", "--help"],
    ["a directory after its option", "tsmr run wc --out outp", "output-of-it"],
    ["the directory of a job", "tsmr status outp", "output-of-it"],
    ["a shell", "tsmr completion fi", "fish"],
  ])("finds %s", (_title, line, word) => {
    expect(complete(line)).toEqual([word]);
  });

  it.each([
    ["an app where an input is expected", "tsmr run wc dist"],
    ["anything where a number is expected", "tsmr run wc --workers i"],
    ["a file where there is none to give", "tsmr apps inp"],
    ["the option of another command", "tsmr apps --red"],
    ["an app for a command that takes none", "tsmr status top"],
  ])("does not offer %s", (_title, line) => {
    expect(complete(line)).toEqual([]);
  });
});

it("knows all commands in each shell, with what they do", async (context) => {
  const folder = newFolder(context);
  const zsh = (await folder.tsmr("completion", "zsh").ended).stdout;
  const fish = (await folder.tsmr("completion", "fish").ended).stdout;
  for (const { name, summary } of COMMANDS) {
    expect(zsh).toContain(`'${name}:${summary}'`);
    expect(fish).toContain(`-a ${name} -d '${summary}'`);
  }
  expect(zsh).toContain("'--workers:how many workers there may be (default\\: one per processor)'");
  expect(fish).toContain(
    "-l workers -s w -x -d 'how many workers there may be (default: one per processor)'",
  );
});
