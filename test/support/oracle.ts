import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import type { RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { runApp } from "../../src/mr/engines/sequential/run-app.ts";
import { DEFAULT_REDUCES } from "../../src/mr/job/limits.ts";
import { statInput } from "../../src/mr/storage/registry.ts";

/**
 * The output that a job must have, in the order of the keys' bytes.
 *
 * @param directory absolute path that relative `files` start from
 * @param reduces the number of reduce tasks that the partitioner of the app is called with
 */
export async function runOracle(
  app: ClassicApp | RecordApp,
  files: readonly string[],
  directory?: string,
  reduces = DEFAULT_REDUCES,
): Promise<Buffer> {
  const inputDirectory = directory ?? process.cwd();
  const inputs = await Promise.all(files.map((url) => statInput(url, inputDirectory)));
  const job = { inputs, inputDirectory, reduces, isMerged: true, skipBadRecords: false };
  return Buffer.concat((await runApp(app, job)).outputs.flat());
}
