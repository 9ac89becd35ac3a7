/** The exit codes of a command that a signal ended: 128 and the signal's number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Calls `listener` with name and exit code when the terminal, the user or the system asks for the end. */
export function onSignal(listener: (signal: string, exitCode: number) => void): void {
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => listener(signal, exitCode));
  }
}

/** One Ctrl-C may arrive twice: from the terminal, and from the program that started this one. */
const SAME_SIGNAL_MS = 400;

/**
 * Ends a program in two steps: the first signal asks for a clean end, another one ends the process.
 *
 * @param listener asks for the end; gets the signal's name
 * @param last is printed before the process ends at once
 * @returns the exit code when there was a signal
 */
export function onSignals(
  listener: (signal: string) => void,
  last: () => string,
): () => number | undefined {
  let exitCode: number | undefined;
  let firstMs = 0;
  onSignal((signal, code) => {
    if (exitCode === undefined) {
      exitCode = code;
      firstMs = performance.now();
      listener(signal);
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) {
      process.once("exit", () => process.stderr.write(last()));
      process.exit(exitCode);
    }
  });
  return () => exitCode;
}
