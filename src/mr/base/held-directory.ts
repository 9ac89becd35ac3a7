import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errorCode, MrError } from "./errors.ts";

/** On Linux, a path below it leads to the directory that was opened, even if that has another name now. */
const DESCRIPTORS = process.platform === "linux" ? "/proc/self/fd" : undefined;

/**
 * A directory that is the same one as long as it is held, even if its path leads to another one meanwhile.
 *
 * Paths made by {@link at} lead through an open descriptor where the system can do that. Elsewhere the path is checked
 * each time that one is made, which must be immediately before its use.
 */
export class HeldDirectory {
  /** As it was named, for messages. */
  readonly path: string;
  readonly stats: BigIntStats;
  readonly #descriptor: number | undefined;
  /** A path of the directory by its descriptor. */
  readonly #anchor: string | undefined;
  #isClosed = false;

  private constructor(path: string, descriptor: number | undefined, descriptors?: string) {
    this.path = path;
    this.#descriptor = descriptor;
    this.stats =
      descriptor === undefined
        ? statSync(path, { bigint: true })
        : fstatSync(descriptor, { bigint: true });
    const anchor = `${descriptors}/${descriptor}`;
    const isUsable = descriptors !== undefined && descriptor !== undefined;
    if (isUsable && this.#isAt(anchor)) this.#anchor = anchor;
  }

  /**
   * @param path absolute
   * @param descriptors the directory of the open files of this process, if the system has one
   * @throws the error of the operating system
   */
  static open(path: string, descriptors = DESCRIPTORS): HeldDirectory {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      // It can be written into, but not listed.
      if (errorCode(error) !== "EACCES") throw error;
    }
    try {
      return new HeldDirectory(path, descriptor, descriptors);
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw error;
    }
  }

  /** Whether the path leads to this directory. */
  get isInPlace(): boolean {
    return this.#isAt(this.path);
  }

  /** @throws MrError `DIRECTORY_UNUSABLE` when the path leads to another directory, or to none */
  check(): void {
    if (!this.isInPlace) throw this.goneError();
  }

  /**
   * The path of a file in this directory, or of the directory, to be used at once and not in messages.
   *
   * @throws MrError `DIRECTORY_UNUSABLE` as {@link check} does, where paths don't lead through the descriptor
   */
  at(name = ""): string {
    if (this.#isClosed) throw new Error(`Directory "${this.path}" is not held any more`);
    if (this.#anchor === undefined) this.check();
    return join(this.#anchor ?? this.path, name);
  }

  /**
   * Removes a file. Harmless when there is none.
   *
   * @throws the error of the operating system, with a path of this directory
   */
  remove(name: string): void {
    try {
      unlinkSync(this.at(name));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw this.explain(error);
    }
  }

  /**
   * Finds the words for an error of an operation in this directory.
   *
   * @returns an error that says that the directory was removed or replaced, if it was; or else the same error, with
   *   the path of the directory
   */
  explain(error: unknown): unknown {
    if (!this.isInPlace) return this.goneError();
    if (!(error instanceof Error) || this.#anchor === undefined) return error;
    // No other descriptor, whose number begins with the same digits.
    const anchor = new RegExp(`${this.#anchor}(?!\\d)`, "g");
    error.message = error.message.replace(anchor, () => this.path);
    return error;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  /** The error of a job whose directory is not in place. */
  goneError(): MrError {
    const why = "it was removed or replaced while the job ran";
    return new MrError("DIRECTORY_UNUSABLE", `Cannot write into directory "${this.path}": ${why}`);
  }

  #isAt(path: string): boolean {
    try {
      const { dev, ino } = statSync(path, { bigint: true });
      return dev === this.stats.dev && ino === this.stats.ino;
    } catch {
      // It is gone, or out of reach.
      return false;
    }
  }
}
