import { visibleLines } from "../mr/base/text.ts";

/**
 * Makes this process fail, with a line on standard error, if an app ends it by `process.exit`: otherwise an exit code
 * of 0 would look as if the job were complete.
 *
 * @param program the name of the command
 * @param app as the user named it
 * @returns a function that ends this
 */
export function guardExit(program: string, app: string): () => void {
  /** The process ends for another reason, which has been reported: nothing is left to do, or an error. */
  let isReported = false;
  const setReported = () => {
    isReported = true;
  };
  const onExit = () => {
    process.exitCode = 1;
    if (isReported) return;
    const why = "it ended the process (process.exit)";
    process.stderr.write(visibleLines(`${program}: Cannot go on with app "${app}": ${why}\n`));
  };
  process.on("beforeExit", setReported);
  process.on("uncaughtExceptionMonitor", setReported);
  process.on("exit", onExit);
  return () => {
    process.off("beforeExit", setReported);
    process.off("uncaughtExceptionMonitor", setReported);
    process.off("exit", onExit);
  };
}
