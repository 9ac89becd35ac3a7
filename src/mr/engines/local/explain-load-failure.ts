import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../base/at-exit.ts";
import { MrError, UsageError } from "../../base/errors.ts";
import { spawnWorker } from "./standby-workers.ts";
import { EXPLANATION, type Explanation } from "./worker-contract.ts";

/** After this the job ends without an explanation. */
const EXPLAIN_TIMEOUT_MS = 30_000;

/** The settings of a process that loads an app as a worker does. */
export interface LoadOptions {
  /** Absolute path of the app. */
  readonly app: string;
  readonly reduces: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Finds out why workers cannot load an app: in a process of its own, since an app may end the process that
 * loads it.
 *
 * @returns undefined when the app can be loaded after all, or loading takes very long
 */
export async function whyNotLoaded(options: LoadOptions): Promise<MrError | undefined> {
  const argument = JSON.stringify({ ...options, explains: true });
  const child = spawnWorker([], argument, ["ignore", "ignore", "ignore", "pipe"]);
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(null));
  });
  const kill = () => child.kill("SIGKILL");
  const forgetExit = atExit(kill);
  try {
    const said = Promise.all([text(child.stdio[EXPLANATION] as Readable), ended]);
    // Only the process that is waited for keeps this one from ending.
    const timeout = sleep(EXPLAIN_TIMEOUT_MS, ["", null] as const, { ref: false });
    const [explanation, code] = await Promise.race([said, timeout]);
    if (explanation !== "") return errorOf(JSON.parse(explanation) as Explanation | null);
    if (code === null) return undefined;
    return new MrError(
      "APP_NOT_LOADED",
      `Cannot load app "${options.app}": it ends the process that loads it, with exit code ${code}`,
    );
  } finally {
    kill();
    forgetExit();
  }
}

function errorOf(explanation: Explanation | null): MrError | undefined {
  if (explanation === null) return undefined;
  const { code, message } = explanation;
  return code === "USAGE" ? new UsageError(message) : new MrError(code, message);
}
