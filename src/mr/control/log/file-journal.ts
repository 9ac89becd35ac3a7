import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { JOURNAL_NAME, temporaryName } from "../../job/names.ts";
import type { JobRecord, Journal, JournalRecord, JournalState, PlanRecord } from "./journal.ts";
import { decodeJournal, encodeRecord } from "./record.ts";
import { replay } from "./replay.ts";

const sync = promisify(fdatasync);

/**
 * The journal of a job in a file of its directory. Records are written when they are appended and safe
 * when they have been synced. What is appended during a sync shares the next one: when many workers
 * report at once, a slow disk is waited for once and not once for each.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes: number;
  /** The sync under way or, when that is over, the last one. */
  #syncing: Promise<void> = Promise.resolve();
  /** The sync after that, once somebody waits for it. */
  #next: Promise<void> | undefined;
  /** Syncs that have not ended. */
  #pending = 0;
  #isClosed = false;
  /** Whether nothing is in the file behind the last record. */
  #isTrimmed = false;

  private constructor(path: string, descriptor: number, bytes: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#bytes = bytes;
  }

  /**
   * Begins the journal of a new job, in place of any other.
   *
   * @param directory absolute path of the job directory, which the caller must have locked
   * @throws MrError when it cannot be written
   */
  static create(directory: string, job: JobRecord): FileJournal {
    const path = join(directory, JOURNAL_NAME);
    // Were it begun under its own name, dying here would leave an empty journal, which nobody can go
    // on with, and which looks like that of a job.
    const temporary = join(directory, temporaryName("mr-journal", "new"));
    let descriptor: number | undefined;
    try {
      descriptor = openSync(temporary, "w", 0o666);
      const journal = new FileJournal(path, descriptor, 0);
      journal.#write([job]);
      fdatasyncSync(descriptor);
      renameSync(temporary, path);
      syncDirectory(directory);
      return journal;
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      rmSync(temporary, { force: true });
      if (error instanceof MrError) throw error;
      throw new MrError(
        "LOG_UNWRITABLE",
        `Cannot create journal "${path}": ${describeCause(error)}`,
      );
    }
  }

  /**
   * Goes on with the journal of a job whose coordinator has ended. A last record that was cut short
   * is removed when the next one is written.
   *
   * @param directory absolute path of the job directory, which the caller must have locked
   * @throws MrError when there is none, it is damaged, or it is not one of this version
   */
  static open(directory: string): { journal: FileJournal; state: JournalState } {
    const path = join(directory, JOURNAL_NAME);
    try {
      const { records, bytes } = decodeJournal(readFileSync(path));
      const state = replay(records);
      return { journal: new FileJournal(path, openSync(path, "r+"), bytes), state };
    } catch (error) {
      const isMissing = errorCode(error) === "ENOENT";
      const why = isMissing ? "there is no job to go on with" : describeCause(error);
      throw new MrError("LOG_UNREADABLE", `Cannot resume from journal "${path}": ${why}`);
    }
  }

  /**
   * What the job in a directory is about, for those who only want to know.
   *
   * @param directory absolute path of the job directory, which another coordinator may have
   * @returns undefined if there is none, no attempt was ever handed out, or it cannot be read
   */
  static planOf(directory: string): PlanRecord | undefined {
    try {
      return replay(decodeJournal(readFileSync(join(directory, JOURNAL_NAME))).records).plan;
    } catch {
      // Whoever opens it is told what is wrong with it.
      return undefined;
    }
  }

  append(records: readonly JournalRecord[]): Promise<void> {
    this.#write(records);
    this.#next ??= this.#syncNext();
    return this.#next;
  }

  /** Gives the file free, when what has been appended is safe. */
  close(): void {
    this.#isClosed = true;
    if (this.#pending === 0) closeSync(this.#descriptor);
  }

  #write(records: readonly JournalRecord[]): void {
    try {
      const bytes = Buffer.concat(records.map(encodeRecord));
      if (!this.#isTrimmed) ftruncateSync(this.#descriptor, this.#bytes);
      this.#isTrimmed = true;
      for (let written = 0; written < bytes.length; ) {
        const position = this.#bytes + written;
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position);
      }
      this.#bytes += bytes.length;
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  /** A sync that has begun says nothing of what is written meanwhile: that needs another. */
  async #syncNext(): Promise<void> {
    this.#pending += 1;
    try {
      await this.#syncing;
      this.#next = undefined;
      this.#syncing = sync(this.#descriptor);
      await this.#syncing;
    } catch (error) {
      throw this.#cannotWrite(error);
    } finally {
      this.#pending -= 1;
      if (this.#isClosed && this.#pending === 0) closeSync(this.#descriptor);
    }
  }

  #cannotWrite(error: unknown): MrError {
    return new MrError(
      "LOG_UNWRITABLE",
      `Cannot write journal "${this.#path}": ${describeCause(error)}`,
    );
  }
}

/** A new file is there after a power cut only once its directory has been synced. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
