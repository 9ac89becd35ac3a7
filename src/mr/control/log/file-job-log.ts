import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readFileSync,
  renameSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { syncDirectory } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { statIfThere } from "../../base/file-status.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { createFile, openJobFile } from "../../base/open-file.ts";
import { JOB_LOG_NAME, temporaryName } from "../../job/names.ts";
import { type JobLog, type JobRecord, type LogRecord, type LogState, replay } from "./job-log.ts";

const sync = promisify(fdatasync);
const CHECKSUM_DIGITS = 8;
const LINE_FEED = 10;

/**
 * The log of a job in a file of its directory, `.mr-journal`. Records are written when they are appended, and
 * safe when they have been synced. Records that are appended during a sync share the next one, so that many
 * reports at once wait only once for a slow disk.
 *
 * The lock of the job directory keeps other coordinators away. It has no effect between containers: there, the
 * identity and the size of the file show that another coordinator has written.
 */
export class FileJobLog implements JobLog {
  readonly #path: string;
  readonly #descriptor: number;
  /** The device and inode of the file, and those of its directory. */
  readonly #identity: Stats;
  readonly #directory: Stats;
  #bytes: number;
  /** The expected size of the file: more than `#bytes` if its last record was cut short. */
  #size: number;
  /** The sync under way or, when that is over, the last one. */
  #syncing: Promise<void> = Promise.resolve();
  /** The sync after that, if an append waits for it. */
  #next: Promise<void> | undefined;
  #pending = 0;
  #isClosed = false;
  /** Why appending has ended. After a failed write or sync, the contents of the file are unknown. */
  #failure: unknown;

  private constructor(
    path: string,
    descriptor: number,
    directory: Stats,
    { bytes, size }: { readonly bytes: number; readonly size: number },
  ) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#identity = fstatSync(descriptor);
    this.#directory = directory;
    this.#bytes = bytes;
    this.#size = size;
  }

  /**
   * Begins the log of a new job, in place of any other.
   *
   * @param directory the job directory, which the caller must have locked
   * @throws MrError when it cannot be written
   */
  static create(directory: HeldDirectory, job: JobRecord): FileJobLog {
    const path = join(directory.path, JOB_LOG_NAME);
    // Under its final name, a process that dies here would leave an empty log, which can't be resumed.
    const temporary = temporaryName("mr-journal", "new");
    let descriptor: number | undefined;
    try {
      descriptor = createFile(directory.at(temporary), "private");
      const log = new FileJobLog(path, descriptor, statSync(directory.at()), { bytes: 0, size: 0 });
      log.#write([job]);
      fdatasyncSync(descriptor);
      renameSync(directory.at(temporary), directory.at(JOB_LOG_NAME));
      syncDirectory(directory.at());
      return log;
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      removeQuietly(directory, temporary);
      if (error instanceof MrError) throw error;
      throw new MrError(
        "LOG_UNWRITABLE",
        `Cannot create journal "${path}": ${describeCause(error)}`,
      );
    }
  }

  /**
   * Resumes the log of a job whose coordinator has ended. A last record that was cut short is removed when
   * the next one is written.
   *
   * @param directory the job directory, which the caller must have locked
   * @throws MrError when there is none, it is damaged, or it is not one of this version
   */
  static open(directory: HeldDirectory): { log: FileJobLog; state: LogState } {
    const path = join(directory.path, JOB_LOG_NAME);
    let descriptor: number | undefined;
    try {
      descriptor = openJobFile(directory.at(JOB_LOG_NAME), "readWrite");
      const contents = readFileSync(descriptor);
      const { records, bytes } = decodeRecords(contents);
      const state = replay(records);
      // The coordinator that created it may have been killed before it did this.
      syncDirectory(directory.at());
      const sizes = { bytes, size: contents.length };
      return { log: new FileJobLog(path, descriptor, statSync(directory.at()), sizes), state };
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      const isMissing = errorCode(error) === "ENOENT";
      const why = isMissing ? "there is no job to go on with" : describeCause(error);
      const code = error instanceof MrError ? error.code : "LOG_UNREADABLE";
      throw new MrError(
        isMissing ? "RESUME_NOTHING" : code,
        `Cannot resume from journal "${path}": ${why}`,
      );
    }
  }

  /**
   * Reads the state of the job in a directory.
   *
   * @param directory path of the job directory, which another coordinator may have
   * @returns undefined if there is none, or it cannot be read
   */
  static stateOf(directory: string): LogState | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openJobFile(join(directory, JOB_LOG_NAME), "read");
      return replay(decodeRecords(readFileSync(descriptor)).records);
    } catch {
      // Opening it will throw the reason.
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  append(records: readonly LogRecord[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#checkUntouched();
      this.#write(records);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#next ??= this.#syncNext();
    return this.#next;
  }

  async check(): Promise<void> {
    try {
      this.#checkUntouched();
    } catch (error) {
      // A directory that was removed is reported by the tasks that fail without it.
      const isReplaced = this.#fateOfDirectory() === "replaced by another one";
      if (isReplaced || (error instanceof MrError && error.code === "LOG_TAKEN")) throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    // The system may give the number of a closed descriptor to another file.
    this.#failure ??= this.#cannotWrite(new Error("it is closed"));
    if (this.#pending === 0) closeSync(this.#descriptor);
  }

  /** Finds out whether another process has written. */
  #checkUntouched(): void {
    let found: Stats;
    try {
      found = statSync(this.#path);
    } catch (error) {
      throw this.#directoryGone() ?? this.#cannotWrite(error);
    }
    if (isSame(found, this.#identity) && found.size === this.#size) return;
    const taken = `Another coordinator has gone on with the job: it has written journal "${this.#path}"`;
    throw this.#directoryGone() ?? new MrError("LOG_TAKEN", taken);
  }

  /** Why the journal is gone, if its directory is gone too. */
  #directoryGone(): MrError | undefined {
    const fate = this.#fateOfDirectory();
    if (fate === undefined) return undefined;
    const directory = dirname(this.#path);
    return this.#cannotWrite(new Error(`directory "${directory}" was ${fate} while the job ran`));
  }

  #fateOfDirectory(): "removed" | "replaced by another one" | undefined {
    try {
      const found = statIfThere(dirname(this.#path));
      if (found === undefined) return "removed";
      return isSame(found, this.#directory) ? undefined : "replaced by another one";
    } catch (error) {
      // A link that leads to itself.
      if (errorCode(error) === "ELOOP") return "replaced by another one";
      // It may be reachable again later.
      return undefined;
    }
  }

  #write(records: readonly LogRecord[]): void {
    try {
      const bytes = Buffer.concat(records.map(encodeRecord));
      if (this.#size > this.#bytes) ftruncateSync(this.#descriptor, this.#bytes);
      for (let written = 0; written < bytes.length; ) {
        const position = this.#bytes + written;
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position);
      }
      this.#bytes += bytes.length;
      this.#size = this.#bytes;
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  /** A sync that is under way does not cover later writes, which need another one. */
  async #syncNext(): Promise<void> {
    this.#pending += 1;
    try {
      await this.#syncing;
      this.#next = undefined;
      this.#syncing = sync(this.#descriptor);
      await this.#syncing;
    } catch (error) {
      this.#failure = this.#cannotWrite(error);
      throw this.#failure;
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

function removeQuietly(directory: HeldDirectory, name: string): void {
  try {
    directory.remove(name);
  } catch {
    // The caller reports a first error, and the next job removes temporary files.
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/*
 * The log is a text file, a record a line:
 *
 *     record = checksum SP json LF
 *     checksum = CRC-32 of the bytes of json, as 8 lower-case hex digits
 *
 * docs/formats.md has an example.
 */

export function encodeRecord(record: LogRecord): Buffer {
  const json = JSON.stringify(record);
  return Buffer.from(`${checksumOf(Buffer.from(json))} ${json}\n`);
}

/**
 * Reads the records of a log. A last record without its line feed is ignored: its writer died before the
 * decision left the coordinator. Any other damage is an error.
 *
 * @throws MrError with the number of the line that is damaged
 */
export function decodeRecords(log: Buffer): {
  readonly records: readonly LogRecord[];
  /** Their size: less than that of the file if the last record was cut short. */
  readonly bytes: number;
} {
  const records: LogRecord[] = [];
  let start = 0;
  while (start < log.length) {
    const end = log.indexOf(LINE_FEED, start);
    if (end === -1) break;
    const checksum = log.toString("latin1", start, start + CHECKSUM_DIGITS + 1);
    const json = log.subarray(start + CHECKSUM_DIGITS + 1, end);
    if (checksum !== `${checksumOf(json)} `) {
      throw new MrError("LOG_DAMAGED", `its line ${records.length + 1} is damaged`);
    }
    records.push(JSON.parse(json.toString("utf8")));
    start = end + 1;
  }
  return { records, bytes: start };
}

function checksumOf(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(CHECKSUM_DIGITS, "0");
}
