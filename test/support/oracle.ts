import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import type { RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { runApp } from "../../src/mr/engines/sequential/run-app.ts";
import { statInput } from "../../src/mr/storage/registry.ts";

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
  const inputs = await Promise.all(files.map((url) => statInput(url, inputDirectory)));
  const job = { inputs, inputDirectory, reduces: 1, skipBadRecords: false };
  return Buffer.concat((await runApp(app, job)).outputs.flat());
}
