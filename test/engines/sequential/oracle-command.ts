import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TSX = join(ROOT, "node_modules/.bin/tsx");

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a TypeScript file of this project, named from its root, as a person would from `cwd`. */
export function runScript(script: string, args: readonly string[], cwd: string): Promise<Ended> {
  return run(TSX, [join(ROOT, script), ...args], cwd);
}

/** Runs `mrsequential.ts`, which writes its output to `mr-out-0` in `cwd`. */
export function runOracle(app: string, inputs: readonly string[], cwd: string): Promise<Ended> {
  return runScript("src/main/mrsequential.ts", [app, ...inputs], cwd);
}

/** Runs any command, without standard input. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** An empty directory; `onEnd` is given the function that removes it, to be called at the end. */
export function temporaryDirectory(onEnd: (remove: () => void) => void): string {
  const dir = mkdtempSync(join(tmpdir(), "tsmr-"));
  onEnd(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
