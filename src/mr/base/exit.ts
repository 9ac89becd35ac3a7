/** The versions of Node whose `process.exit` may wait for ever. */
const WAITING_MAJORS = new Set([23, 24, 25]);
const SHELL = "/bin/sh";

type Execve = (file: string, args: readonly string[], env: Record<string, string>) => never;

/**
 * Makes `process.exit` end this process, whatever an app does. Node 24 waits there for functions that it compiles in
 * the background, and these may wait for the main thread. There, a shell takes the place of the process, and exits
 * with its code.
 */
export function ensureExit(): void {
  const { execve } = process as { execve?: Execve };
  const major = Number.parseInt(process.versions.node, 10);
  if (execve === undefined || !WAITING_MAJORS.has(major)) return;
  const { reallyExit } = process as unknown as { reallyExit: (code: number) => never };
  const exitByShell = (code: number) => {
    try {
      execve.call(process, SHELL, ["sh", "-c", `exit ${Number(code) & 0xff}`], {});
    } catch {
      // There is no shell.
    }
    reallyExit.call(process, code);
  };
  Object.assign(process, { reallyExit: exitByShell });
}
