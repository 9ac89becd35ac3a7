import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/mr/base/errors.ts";
import { HeldDirectory } from "../../../src/mr/base/held-directory.ts";
import {
  decodeRecords,
  encodeRecord,
  FileJobLog,
} from "../../../src/mr/control/log/file-job-log.ts";
import { LOG_VERSION, type LogRecord, replay } from "../../../src/mr/control/log/job-log.ts";
import { JOB_LOG_NAME } from "../../../src/mr/job/names.ts";
import type { Phase } from "../../../src/mr/job/task.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { describeJobLog, JOB } from "./job-log-conformance.ts";

const SPLITS = [0, 1].map((part) => ({ file: "ü.txt", start: part, end: part + 1 }));
const PLAN = { type: "plan" as const, app: "wc.ts", digest: "00", splits: SPLITS };
const RESUMED = { type: "resumed" as const, term: 2 };
const DONE = { type: "ended" as const, outcome: { state: "completed" as const } };

function completed(phase: Phase, task: number, attempt = 1) {
  const names = phase === "map" ? [`mr-${task}-0`, `mr-${task}-1`] : [`mr-out-${task}`];
  const outputs = names.map((name) => ({ name, bytes: 3, crc32: 4 }));
  return { type: "completed" as const, phase, task, attempt, result: { outputs, counters: {} } };
}

const RECORDS: LogRecord[] = [JOB, PLAN, completed("map", 1), completed("reduce", 0), DONE];

describe("the lines of a log", () => {
  it("are a checksum and the record as JSON", () => {
    const line = encodeRecord({ type: "reopened", phase: "map", task: 3 }).toString();
    expect(line).toBe('6a9d423c {"type":"reopened","phase":"map","task":3}\n');
  });

  it("give back what was written, up to wherever the last one was cut", () => {
    const lines = RECORDS.map(encodeRecord);
    const log = Buffer.concat(lines);
    for (let length = 0; length <= log.length; length++) {
      const { records, bytes } = decodeRecords(log.subarray(0, length));
      expect(records).toEqual(RECORDS.slice(0, records.length));
      expect(bytes).toBe(Buffer.concat(lines.slice(0, records.length)).length);
      expect(length - bytes).toBeLessThan(lines[records.length]?.length ?? 1);
    }
  });

  it("never give back a record that was not written, whatever bit flips", () => {
    const log = Buffer.concat(RECORDS.map(encodeRecord));
    const bit = fc.nat(log.length * 8 - 1);
    fc.assert(
      fc.property(bit, (at) => {
        const copy = Buffer.from(log);
        copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7));
        try {
          const { records } = decodeRecords(copy);
          // Without its line feed the last record, and no other, is taken for torn.
          expect(at >> 3).toBe(log.length - 1);
          expect(records).toEqual(RECORDS.slice(0, -1));
        } catch (error) {
          expect(error).toMatchObject({ code: "LOG_DAMAGED" });
        }
      }),
      { numRuns: 300 },
    );
  });
});

function otherVersion(version: number): string {
  const versions = `its format has version ${version}, not ${LOG_VERSION}`;
  return `it was written by another version of this package: ${versions}`;
}

describe("replaying a log", () => {
  it("finds the tasks that are completed and have not been reopened", () => {
    const state = replay([
      ...RECORDS,
      { type: "resumed", term: 2 },
      { type: "reopened", phase: "map", task: 1 },
      completed("map", 0, 2),
    ]);
    expect(state.job).toEqual(JOB);
    expect(state.plan).toEqual(PLAN);
    expect(state.completed.map(({ phase, task, attempt }) => [phase, task, attempt])).toEqual([
      ["reduce", 0, 1],
      ["map", 0, 2],
    ]);
    expect(state.outcome).toBeUndefined();
    expect(state.term).toBe(2);
    expect(replay(RECORDS).term).toBe(1);
    expect(replay(RECORDS).outcome).toEqual({ state: "completed" });
  });

  it.each<[string, LogRecord[]]>([
    ["it is empty", []],
    ["it does not begin with a job", [PLAN]],
    [otherVersion(99), [{ ...JOB, version: 99 }]],
    // Its splits have no versions of their inputs, by which readers find that an input has changed.
    [otherVersion(2), [{ ...JOB, version: 2 }, PLAN, completed("map", 0)]],
    ["it holds two jobs", [JOB, JOB]],
    ["it has two plans", [JOB, PLAN, PLAN]],
    ["it completes map task 2, which its job does not have", [JOB, PLAN, completed("map", 2)]],
    ["it completes map task 0, which its job does not have", [JOB, completed("map", 0)]],
    ["its term 2 follows term 2", [JOB, RESUMED, RESUMED]],
    [
      "it reopens map task 0, which is not completed",
      [JOB, PLAN, { type: "reopened", phase: "map", task: 0 }],
    ],
  ])("refuses it because %s", (why, records) => {
    const damaged = { code: "LOG_DAMAGED", message: why };
    expect(() => replay(records)).toThrow(expect.objectContaining(damaged));
  });
});

describeJobLog("in a file", () => {
  const directory = temporaryDirectory();
  return {
    create: async () => FileJobLog.create(HeldDirectory.open(directory), JOB),
    open: async () => {
      const { records } = decodeRecords(readFileSync(join(directory, JOB_LOG_NAME)));
      return { log: FileJobLog.open(HeldDirectory.open(directory)).log, records };
    },
    breakDown: () => renameSync(join(directory, JOB_LOG_NAME), join(directory, "away")),
    repair: () => renameSync(join(directory, "away"), join(directory, JOB_LOG_NAME)),
  };
});

describe("the log of a job in a file", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    path = join(directory, JOB_LOG_NAME);
  });

  it("F61 is gone for good when its directory was replaced", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    await log.check();
    renameSync(directory, `${directory}.away`);
    // The tasks of the job fail, and say which file they can't write.
    await log.check();
    mkdirSync(directory);
    const replaced = { code: "LOG_UNWRITABLE", message: expect.stringContaining("replaced") };
    await expect(log.check()).rejects.toMatchObject(replaced);
    log.close();
  });

  it("is gone on with where it was cut off", () => {
    const first = FileJobLog.create(HeldDirectory.open(directory), JOB);
    first.append([PLAN, completed("map", 0)]);
    first.close();
    appendFileSync(path, encodeRecord(completed("map", 1)).subarray(0, -1));
    const { log, state } = FileJobLog.open(HeldDirectory.open(directory));
    expect(state.completed.map(({ task }) => task)).toEqual([0]);
    log.append([{ type: "reopened", phase: "map", task: 0 }]);
    log.close();
    const { records } = decodeRecords(readFileSync(path));
    expect(records).toEqual([
      JOB,
      PLAN,
      completed("map", 0),
      { type: "reopened", phase: "map", task: 0 },
    ]);
  });

  it("F35: never follows a link that is in its place, nor in that of its temporary file", () => {
    const directory = temporaryDirectory();
    const precious = join(temporaryDirectory(), "precious");
    writeFileSync(precious, "precious");
    symlinkSync(precious, join(directory, JOB_LOG_NAME));
    expect(() => FileJobLog.open(HeldDirectory.open(directory))).toThrow(
      mrError("LOG_UNREADABLE", "symbolic link"),
    );
    expect(FileJobLog.stateOf(directory)).toBe(undefined);
    symlinkSync(precious, join(directory, ".mr-journal.new.tmp"));
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    expect(readFileSync(precious, "utf8")).toBe("precious");
    expect(FileJobLog.open(HeldDirectory.open(directory)).state.job).toEqual(JOB);
  });

  it("replaces one of an earlier job", () => {
    writeFileSync(path, "x".repeat(10_000));
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    expect(readFileSync(path)).toEqual(encodeRecord(JOB));
  });

  it("is not there before its first record is, nor instead of one of an earlier job", () => {
    // What fails while the first record is made stands for a death at that point.
    const unwritable = { ...JOB, reduces: 1n as unknown as number };
    expect(() => FileJobLog.create(HeldDirectory.open(directory), unwritable)).toThrow(
      mrError("LOG_UNWRITABLE", "BigInt"),
    );
    expect(readdirSync(directory)).toEqual([]);
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    expect(() => FileJobLog.create(HeldDirectory.open(directory), unwritable)).toThrow(
      mrError("LOG_UNWRITABLE", "BigInt"),
    );
    expect(FileJobLog.open(HeldDirectory.open(directory)).state.job).toEqual(JOB);
  });

  it("is refused with its name and the reason when it is missing, empty or damaged", () => {
    const open = () => FileJobLog.open(HeldDirectory.open(directory));
    const error = (code: ErrorCode, why: string) => {
      const message = `Cannot resume from journal "${path}": ${why}`;
      return expect.objectContaining({ code, message });
    };
    expect(open).toThrow(error("RESUME_NOTHING", "there is no job to go on with"));
    writeFileSync(path, "");
    expect(open).toThrow(error("LOG_DAMAGED", "it is empty"));
    writeFileSync(path, "nonsense\nof two lines\n");
    expect(open).toThrow(error("LOG_DAMAGED", "its line 1 is damaged"));
    writeFileSync(path, encodeRecord(JOB).toString().replace("reduces", "redvces"));
    expect(open).toThrow(error("LOG_DAMAGED", "its line 1 is damaged"));
  });

  it("is left as it is until something is added to it, and then loses a torn end", async () => {
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    const whole = readFileSync(path);
    const torn = Buffer.concat([whole, Buffer.alloc(500, "torn ")]);
    writeFileSync(path, torn);
    FileJobLog.open(HeldDirectory.open(directory)).log.close();
    expect(readFileSync(path)).toEqual(torn);
    const { log } = FileJobLog.open(HeldDirectory.open(directory));
    await log.append([{ type: "resumed", term: 2 }]);
    log.close();
    expect(readFileSync(path)).toEqual(
      Buffer.concat([whole, encodeRecord({ type: "resumed", term: 2 })]),
    );
  });

  it("waits for the disk once for what is appended at once, and again for what comes later", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    const together = [PLAN, completed("map", 0)].map((record) => log.append([record]));
    expect(new Set(together).size).toBe(1);
    // The sync begins when all that was ready has run; it says nothing of what is written from then on.
    await Promise.resolve();
    await Promise.resolve();
    const later = log.append([completed("map", 1)]);
    expect(later).not.toBe(together[0]);
    // It stays open for as long as anybody waits.
    log.close();
    await Promise.all([...together, later]);
    const { state } = FileJobLog.open(HeldDirectory.open(directory));
    expect(state.completed.map(({ task }) => task)).toEqual([0, 1]);
  });

  it("names itself and the cause when it cannot be written", () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    log.close();
    const message = `Cannot write journal "${path}": it is closed`;
    const unwritable = expect.objectContaining({ code: "LOG_UNWRITABLE", message });
    expect(() => log.append([DONE])).toThrow(unwritable);
  });

  it.each<[string, (path: string) => void]>([
    [
      "replaced",
      (path) => {
        const copy = `${path}.copy`;
        writeFileSync(copy, readFileSync(path));
        renameSync(copy, path);
      },
    ],
    ["cut short", (path) => truncateSync(path, 10)],
    ["written by another process", (path) => appendFileSync(path, "x")],
  ])("is taken when it was %s, and is left as it is", (_, change) => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    change(path);
    const changed = readFileSync(path);
    const taken = expect.objectContaining({ code: "LOG_TAKEN" });
    expect(() => log.append([DONE])).toThrow(taken);
    expect(() => log.append([DONE])).toThrow(taken);
    log.close();
    expect(readFileSync(path)).toEqual(changed);
  });

  it("can't be written once its directory is gone", () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    rmSync(directory, { recursive: true });
    const message = expect.stringContaining("was removed while the job ran");
    const unwritable = expect.objectContaining({ code: "LOG_UNWRITABLE", message });
    expect(() => log.append([DONE])).toThrow(unwritable);
    log.close();
  });

  it("can't be written once another directory has taken the place of its own", () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    renameSync(directory, `${directory}-moved`);
    mkdirSync(directory);
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    const message = expect.stringContaining("was replaced by another one");
    const unwritable = expect.objectContaining({ code: "LOG_UNWRITABLE", message });
    expect(() => log.append([DONE])).toThrow(unwritable);
    log.close();
    rmSync(`${directory}-moved`, { recursive: true });
  });
});
