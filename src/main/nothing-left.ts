import { visibleLines } from "../mr/base/visible-text.ts";

let listener: (() => void) | undefined;

/**
 * Has a program say so when there is nothing left that could bring what it waits for: Node would end it
 * without a word.
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
  // Only the first time, for what is written may make the process come here once more.
  process.once("beforeExit", listener);
}

/** The command has come to its end, or somebody else knows better what is to be said. */
export function stopWatchingForNothingLeft(): void {
  if (listener !== undefined) process.off("beforeExit", listener);
}
