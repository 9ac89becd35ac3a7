import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import type { RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { runApp } from "../../src/mr/engines/sequential/run-app.ts";

/**
 * The output that a job must have, in the order of the keys' bytes.
 *
 * @param directory absolute path that relative `files` start from
 */
export async function runOracle(
  app: ClassicApp | RecordApp,
  files: readonly string[],
  directory?: string,
): Promise<Buffer> {
  const inputDirectory = directory ?? process.cwd();
  const inputs = files.map((url) => {
    // A file that is missing is for the oracle to report.
    const size = statSync(resolve(inputDirectory, url), { throwIfNoEntry: false })?.size ?? 0;
    return { url, size, version: "" };
  });
  const job = { inputs, inputDirectory, reduces: 1, skipBadRecords: false };
  return Buffer.concat((await runApp(app, job)).outputs.flat());
}
