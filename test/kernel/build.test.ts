// Tests src/mr/kernel/*.wasm: they are what the sources in assembly compile to.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isSkippedFor } from "../support/needs.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const KERNEL = fileURLToPath(new URL("../../src/mr/kernel/", import.meta.url));
const directory = temporaryDirectory();
const compiler = findCompiler();

function findCompiler(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve("assemblyscript/package.json");
    return join(dirname(main), "bin/asc.js");
  } catch {
    // Not installed, as after `npm ci --omit=dev`: nothing to compare with.
    return undefined;
  }
}

describe.each([
  ["kernel.wasm", "asconfig.json"],
  ["merge.wasm", "merge.asconfig.json"],
])("%s", (module, settings) => {
  it("is what its sources compile to", (context) => {
    const lack = compiler === undefined ? "assemblyscript is not installed" : undefined;
    if (compiler === undefined) return context.skip(isSkippedFor(lack), lack);
    const built = join(directory, module);
    const config = join(KERNEL, "assembly", settings);
    const args = [compiler, "--config", config, "--target", "release", "--outFile", built];
    execFileSync(process.execPath, args, { stdio: "pipe" });
    const same = readFileSync(built).equals(readFileSync(join(KERNEL, module)));
    expect(same, `run \`npm run build:kernel\` and commit src/mr/kernel/${module}`).toBe(true);
  });
});
