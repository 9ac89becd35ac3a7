// Tests src/mr/base/exit.ts.

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const EXIT = new URL("../../src/mr/base/exit.ts", import.meta.url).href;

/** Runs a program whose functions are compiled in the background while it exits. */
function exitWhileCompiling(code: string) {
  const busy = `
    let sum = 0;
    for (let i = 0; i < 200; i++) {
      const f = new Function("n", "let s = " + i + "; for (let k = 0; k < n; k++) s = (s * 31 + k) | 0; return { s, n };");
      for (let k = 0; k < 40; k++) sum += f(k * 50).s;
    }`;
  const program = `
    import { ensureExit } from "${EXIT}";
    ensureExit();
    process.on("exit", (code) => process.stdout.write("bye " + code));
    ${busy}
    ${code}`;
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", program];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

describe("process.exit", () => {
  it.for([0, 3, 255])(
    "F37 ends the process with exit code %i while functions are compiled",
    (code) => {
      const { status, stdout, stderr } = exitWhileCompiling(`process.exit(${code});`);
      expect({ status, stdout, stderr }).toEqual({
        status: code,
        stdout: `bye ${code}`,
        stderr: "",
      });
    },
  );

  it("has the exit code that the process was given before", () => {
    const { status, stdout } = exitWhileCompiling("process.exitCode = 5; process.exit();");
    expect([status, stdout]).toEqual([5, "bye 5"]);
  });
});
