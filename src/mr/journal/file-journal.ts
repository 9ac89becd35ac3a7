import {
  closeSync,
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
import { describeCause, errorCode, MrError } from "../errors.ts";
import { JOURNAL_NAME, temporaryName } from "../names.ts";
import type { JobRecord, Journal, JournalRecord, JournalState } from "./journal.ts";
import { decodeJournal, encodeRecord } from "./record.ts";
import { replay } from "./replay.ts";

/** The journal of a job in a file of its directory, synced with every record. */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes: number;

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
      journal.append([job]);
      renameSync(temporary, path);
      syncDirectory(directory);
      return journal;
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      rmSync(temporary, { force: true });
      if (error instanceof MrError) throw error;
      throw new MrError(`Cannot create journal "${path}": ${describeCause(error)}`);
    }
  }

  /**
   * Goes on with the journal of a job whose coordinator has ended. A last record that was cut short
   * is removed.
   *
   * @param directory absolute path of the job directory, which the caller must have locked
   * @throws MrError when there is none, it is damaged, or it is not one of this version
   */
  static open(directory: string): { journal: FileJournal; state: JournalState } {
    const path = join(directory, JOURNAL_NAME);
    try {
      const { records, bytes } = decodeJournal(readFileSync(path));
      const state = replay(records);
      const descriptor = openSync(path, "r+");
      ftruncateSync(descriptor, bytes);
      return { journal: new FileJournal(path, descriptor, bytes), state };
    } catch (error) {
      const isMissing = errorCode(error) === "ENOENT";
      const why = isMissing ? "there is no job to go on with" : describeCause(error);
      throw new MrError(`Cannot resume from journal "${path}": ${why}`);
    }
  }

  append(records: readonly JournalRecord[]): void {
    try {
      const bytes = Buffer.concat(records.map(encodeRecord));
      for (let written = 0; written < bytes.length; ) {
        const position = this.#bytes + written;
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position);
      }
      fdatasyncSync(this.#descriptor);
      this.#bytes += bytes.length;
    } catch (error) {
      throw new MrError(`Cannot write journal "${this.#path}": ${describeCause(error)}`);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
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
