import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { socketPathOf } from "../../src/mr/base/socket-path.ts";
import { RpcClient } from "../../src/mr/control/protocol/client.ts";
import type { JobStatus } from "../../src/mr/control/protocol/protocol.ts";
import { type Command, type Ended, type StartOptions, startScript } from "./processes.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const COORDINATOR = "src/main/mrcoordinator.ts";
const WORKER = "src/main/mrworker.ts";

/** A job directory and the processes that work in it. `end` must be called in any case. */
export class Job {
  /** Absolute path, without symbolic links. */
  readonly directory = temporaryDirectory();
  readonly #commands: Command[] = [];
  readonly #options: Omit<StartOptions, "cwd">;

  constructor(options: Omit<StartOptions, "cwd"> = {}) {
    this.#options = options;
  }

  /** The default socket of the job's processes. */
  get socketPath(): string {
    return socketPathOf(this.directory);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, contents: string | Uint8Array): void {
    writeFileSync(this.path(name), contents);
  }

  /** Writes the source of an app and returns its name. */
  writeApp(source: string, name = "app.ts"): string {
    this.write(name, source);
    return name;
  }

  start(
    script: string,
    args: readonly string[],
    cwd: string = this.directory,
    env: Readonly<Record<string, string>> = {},
  ): Command {
    const command = startScript(script, args, { ...this.#options, cwd, env });
    this.#commands.push(command);
    return command;
  }

  /** Starts a coordinator without waiting for it. */
  coordinator(...args: string[]): Command {
    return this.start(COORDINATOR, args);
  }

  /** Starts a coordinator and waits until workers can find it. */
  async ready(...args: string[]): Promise<Command> {
    const coordinator = this.coordinator(...args);
    await coordinator.printed("waiting for workers");
    return coordinator;
  }

  worker(...args: string[]): Command {
    return this.start(WORKER, args);
  }

  /** Runs the oracle on the same inputs in another directory, and returns its lines. */
  async oracle(app: string, ...inputs: string[]): Promise<string> {
    const elsewhere = temporaryDirectory();
    const paths = inputs.map((input) => this.path(input));
    const ended = await this.start("src/main/mrsequential.ts", [app, ...paths], elsewhere).ended;
    if (ended.code !== 0) throw new Error(`The oracle failed: ${ended.stderr}`);
    return sortLines(readFileSync(join(elsewhere, "mr-out-0"), "utf8"));
  }

  /** The lines of all results together, in the order of their UTF-16 units. */
  output(): string {
    const names = this.files().filter((name) => name.startsWith("mr-out-"));
    return sortLines(names.map((name) => readFileSync(this.path(name), "utf8")).join(""));
  }

  /** The names in the job directory, with hidden files, in alphabetical order. */
  files(): string[] {
    return readdirSync(this.directory).sort();
  }

  temporaryFiles(): string[] {
    return this.files().filter((name) => name.endsWith(".tmp"));
  }

  async status(): Promise<JobStatus> {
    const client = new RpcClient(this.socketPath);
    try {
      return await client.call("job.status", undefined);
    } finally {
      client.close();
    }
  }

  /** Waits for a status of the job. */
  async statusWhen(isWanted: (status: JobStatus) => boolean): Promise<JobStatus> {
    for (;;) {
      const status = await this.status();
      if (isWanted(status)) return status;
      await sleep(20);
    }
  }

  /** Waits until a file exists. */
  async appeared(name: string): Promise<void> {
    while (!this.files().includes(name)) await sleep(20);
  }

  async end(): Promise<void> {
    await Promise.all(this.#commands.map((command) => command.kill()));
    rmSync(this.socketPath, { force: true });
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for processes and returns their exit codes. */
export async function exitCodes(commands: readonly Command[]): Promise<Array<number | null>> {
  const ended: Ended[] = await Promise.all(commands.map((command) => command.ended));
  return ended.map(({ code }) => code);
}

function sortLines(text: string): string {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .sort()
    .map((line) => `${line}\n`)
    .join("");
}
