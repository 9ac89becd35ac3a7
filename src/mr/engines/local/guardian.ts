import { type ChildProcess, spawn } from "node:child_process";

/** Keeps the last line it is sent, and when no more can come, ends the processes that it names. */
const SCRIPT = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids';

/**
 * Ends processes when this one dies, be it by SIGKILL: a shell that waits for the end of its input, which the
 * system closes for whoever has died. Workers with a heartbeat notice that themselves; one that has
 * none yet, and is busy in its app for good, would go on for ever.
 */
export class Guardian {
  readonly #shell: ChildProcess;

  constructor() {
    // In a session of its own, so that Ctrl-C does not end it before the others.
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell.unref();
    // Without a shell all goes on as well, unless this process is killed.
    this.#shell.on("error", () => undefined);
    this.#shell.stdin?.on("error", () => undefined);
  }

  /** From now on it is these processes, and no others. */
  watch(pids: readonly number[]): void {
    this.#shell.stdin?.write(`${pids.join(" ")}\n`);
  }

  /** There is nothing to watch any more. */
  end(): void {
    this.#shell.stdin?.end("\n");
  }
}
