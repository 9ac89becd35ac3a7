/** The exit code of a command that was ended by a signal: 128 and the signal's number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Calls `listener` with name and exit code when the terminal, the user or the system wants an end. */
export function onSignal(listener: (signal: string, exitCode: number) => void): void {
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => listener(signal, exitCode));
  }
}
