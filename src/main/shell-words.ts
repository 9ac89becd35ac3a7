import { relative } from "node:path";

/** A word as a shell takes it, in quotes only where it needs them. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** How the user has started `tsmr`, so that a suggested command can be pasted. */
export function programName(): string {
  const [, script = ""] = process.argv;
  if (script.endsWith(".ts")) return `npx tsx ${shellWord(relative(process.cwd(), script))}`;
  // npx sets this variable for the programs it starts.
  return process.env["npm_lifecycle_event"] === "npx" ? "npx tsmr" : "tsmr";
}
