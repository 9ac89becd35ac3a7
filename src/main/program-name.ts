import { relative } from "node:path";
import { shellWord } from "./shell-words.ts";

/** How the user has started `tsmr`, so that what is suggested can be pasted. */
export function programName(): string {
  const [, script = ""] = process.argv;
  if (script.endsWith(".ts")) return `npx tsx ${shellWord(relative(process.cwd(), script))}`;
  // The variable is what npx tells the programs it starts.
  return process.env["npm_lifecycle_event"] === "npx" ? "npx tsmr" : "tsmr";
}
