import { existsSync } from "node:fs";
import { relative } from "node:path";
import { type ErrorCode, isLasting } from "../mr/base/error-codes.ts";
import { directoryGuard, hasJobLog } from "../mr/storage/registry.ts";
import { programName, shellWord } from "./shell-words.ts";

const BEGIN_AGAIN = "tsmr: No task was completed: to begin again, give the same command\n";

/** The same command would fail again. */
const NO_HINT: readonly ErrorCode[] = ["USAGE", "INPUT_UNSUPPORTED", "TOO_MANY_BAD_RECORDS"];

/** What `tsmr run` says about how to get the result of a job that has ended without it. */
export class ResumeHints {
  readonly #app: string;
  readonly #given: readonly string[];
  readonly #directory: string;
  #guard: (() => boolean) | undefined;
  #hasFiles = false;

  /**
   * @param given the options of the command line, as words of the shell
   * @param directory absolute path of the job directory, which need not exist yet
   */
  constructor(app: string, given: readonly string[], directory: string) {
    this.#app = app;
    this.#given = given;
    this.#directory = directory;
  }

  /**
   * The directory at this path is that of the job. Harmless when it is called again.
   *
   * @param hasFiles whether the job has files there now; without any, it may remove the directory itself
   */
  begin(hasFiles: boolean): void {
    this.#hasFiles ||= hasFiles;
    if (this.#guard !== undefined) return;
    try {
      this.#guard = directoryGuard(this.#directory);
    } catch {
      this.#guard = () => false;
    }
  }

  /** False when another directory has taken the place of that of the job, or none: `--resume` would not find the job. */
  get isInPlace(): boolean {
    if (this.#guard?.() !== false) return true;
    return !this.#hasFiles && !existsSync(this.#directory);
  }

  /** For a job that is ended at once. */
  ended(): string {
    return this.isInPlace && this.#canResume() ? this.#goOn() : "";
  }

  /** For a job that is complete, and whose output could not be merged or searched. */
  undelivered(code: ErrorCode | undefined): string {
    if (this.isInPlace && code === "OUTPUT_MULTILINE") {
      return `tsmr: To begin again with another app: ${this.#anew()}\n`;
    }
    return this.isInPlace ? this.#goOn() : this.#isGone();
  }

  /** For a job that has failed or was cancelled. */
  failed(code: ErrorCode): string {
    if (!this.isInPlace) return isLasting(code) ? "" : this.#isGone();
    const isInTheWay = this.#canResume();
    if (!isInTheWay) return NO_HINT.includes(code) ? "" : BEGIN_AGAIN;
    const anew = this.#anew();
    if (isLasting(code)) return `tsmr: To begin again: ${anew}\n`;
    // A job can't be resumed with another app.
    return code === "APP_THREW"
      ? `${this.#goOn()}tsmr: To begin again with another app: ${anew}\n`
      : this.#goOn();
  }

  #anew(): string {
    const place = shellWord(nearest(this.#directory));
    return `remove the files of this job from ${place}, or choose another --out`;
  }

  /** A job that has completed no task leaves nothing to resume. */
  #canResume(): boolean {
    return hasJobLog(this.#directory);
  }

  #isGone(): string {
    const what = existsSync(this.#directory) ? "choose another --out" : "give the same command";
    return `tsmr: The directory of this job was removed or replaced: to begin again, ${what}\n`;
  }

  #goOn(): string {
    const options = this.#given.filter((word) => word !== "--resume");
    const words = ["run", shellWord(this.#app), ...options, "--resume"];
    return `tsmr: To go on with it: ${programName()} ${words.join(" ")}\n`;
  }
}

/** The path relative to the current directory, unless that leads out of it. */
export function nearest(directory: string): string {
  const path = relative(process.cwd(), directory) || ".";
  if (/^\.\.|^\//.test(path)) return directory;
  // A program could take it for an option.
  return path.startsWith("-") ? `./${path}` : path;
}
