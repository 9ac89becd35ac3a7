import { visibleLines } from "../mr/base/visible-text.ts";

let listener: (() => void) | undefined;

/**
 * Makes a program report that nothing is left that could settle the promise it waits for: Node would end it
 * without a message.
 *
 * @param program its name
 * @param app the app as it was named, if the command has one: nothing else waits for what may not come
 */
export function watchForNothingLeft(program: string, app: string | undefined): void {
  listener = () => {
    const what = app === undefined ? "" : ` with app "${app}"`;
    const why = "it waits for a promise that nothing is left to settle";
    process.stderr.write(visibleLines(`${program}: Cannot go on${what}: ${why}\n`));
  };
  // Only the first time: writing may make the event loop empty once more.
  process.once("beforeExit", listener);
}

/** Called when the command has ended, or reports such a wait itself. */
export function stopWatchingForNothingLeft(): void {
  if (listener !== undefined) process.off("beforeExit", listener);
}
