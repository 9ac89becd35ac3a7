import { relative } from "node:path";
import { visibleLines } from "../mr/base/text.ts";

/** A word as a shell takes it, in quotes only where it needs them, and without characters that a terminal obeys. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (visibleLines(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  // bash, zsh and the shell of POSIX since 2024 take this form.
  const bytes = [...Buffer.from(word)].map((byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `$'${bytes.join("")}'`;
}

/** How the user has started `tsmr`, so that a suggested command can be pasted. */
export function programName(): string {
  const [, script = ""] = process.argv;
  if (script.endsWith(".ts")) return `npx tsx ${shellWord(relative(process.cwd(), script))}`;
  // npx sets this variable for the programs it starts.
  return process.env["npm_lifecycle_event"] === "npx" ? "npx tsmr" : "tsmr";
}
