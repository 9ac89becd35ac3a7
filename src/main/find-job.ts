import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeCause, MrError } from "../mr/base/errors.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import { RpcClient } from "../mr/control/protocol/client.ts";
import type { Method, Params, Results } from "../mr/control/protocol/protocol.ts";
import { isUnreachable } from "../mr/control/protocol/transport.ts";
import { JOURNAL_NAME } from "../mr/job/names.ts";

/** The default directories of jobs: of `tsmr run`, and of `mrcoordinator`. */
const USUAL_DIRECTORIES = ["mr-out", "."];

/**
 * Asks the coordinator of a running job.
 *
 * @param directory the job directory; if undefined, `mr-out` and the current one
 * @throws MrError when no job is running there, or it does not answer
 */
export async function askJob<M extends Method>(
  directory: string | undefined,
  method: M,
  params: Params<M>,
): Promise<Results[M]> {
  const directories = directory === undefined ? USUAL_DIRECTORIES : [directory];
  for (const candidate of directories) {
    if (!existsSync(candidate)) continue;
    const client = new RpcClient(socketPathOf(candidate));
    try {
      return await client.call(method, params);
    } catch (error) {
      if (!isUnreachable(error)) {
        throw new MrError(
          "COORDINATOR_UNREACHABLE",
          `Cannot ask the job in directory "${candidate}": ${describeCause(error)}`,
        );
      }
    } finally {
      client.close();
    }
  }
  throw new MrError("JOB_NOT_FOUND", describeAbsence(directories));
}

function describeAbsence(directories: readonly string[]): string {
  const [first = "."] = directories;
  if (directories.length === 1 && !existsSync(first)) {
    return `No job is running in directory "${first}": it does not exist`;
  }
  const begun = directories.find((directory) => existsSync(join(directory, JOURNAL_NAME)));
  if (begun !== undefined) {
    return `No job is running in directory "${begun}", but one was interrupted or failed there: tsmr run --resume goes on with it`;
  }
  const names = directories.map((directory) => `"${directory}"`);
  if (names.length === 1) return `No job is running in directory ${names[0]}`;
  return `No job is running in ${names.join(" or ")}: name the directory of its output`;
}
