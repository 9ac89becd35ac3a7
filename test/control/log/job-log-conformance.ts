import { describe, expect, it } from "vitest";
import {
  type JobLog,
  type JobRecord,
  LOG_VERSION,
  type LogRecord,
  replay,
} from "../../../src/mr/control/log/job-log.ts";

export const JOB: JobRecord = {
  type: "job",
  version: LOG_VERSION,
  reduces: 2,
  skipBadRecords: false,
  maxBadRecords: "90%",
  inputDirectory: "/tmp",
  inputs: [{ url: "ü.txt", size: 7, version: "12" }],
};

/** A record that tells itself from others, and may come at any time. */
export function note(number: number): LogRecord {
  const reason = { type: "requested", message: `${number}` } as const;
  return { type: "ended", outcome: { state: "cancelled", reason } };
}

/** One log under test, at its place: a file, a store. */
export interface LogUnderTest {
  /** Begins the log with {@link JOB}. */
  create(): Promise<JobLog>;
  /** Opens the log as a further coordinator does, whether or not another one has it open. */
  open(): Promise<{ readonly log: JobLog; readonly records: readonly LogRecord[] }>;
  /** From now on, nothing can be written or read. */
  breakDown(): void;
  /** Ends that. */
  repair(): void;
}

/** The contract of a {@link JobLog}, which every implementation must keep. */
export function describeJobLog(name: string, create: () => LogUnderTest): void {
  const setUp = async () => {
    const place = create();
    const log = await place.create();
    const read = async () => (await place.open()).records;
    return { place, log, read };
  };

  describe(`the contract of a job log: ${name}`, () => {
    it("gives back what was appended, in order, once it is safe", async () => {
      const { place, log, read } = await setUp();
      expect(await read()).toEqual([JOB]);
      await log.append([note(1), note(2)]);
      expect(await read()).toEqual([JOB, note(1), note(2)]);
      await log.append([note(3)]);
      log.close();
      const { log: further, records } = await place.open();
      expect(records).toEqual([JOB, note(1), note(2), note(3)]);
      await further.append([{ type: "resumed", term: 2 }]);
      expect((await read()).at(-1)).toEqual({ type: "resumed", term: 2 });
    });

    it("keeps the order of what is appended while it is being written", async () => {
      const { log, read } = await setUp();
      const notes = Array.from({ length: 50 }, (_, number) => number);
      const safe: number[] = [];
      await Promise.all(
        notes.map(async (number) => {
          await log.append([note(number)]);
          safe.push(number);
        }),
      );
      expect(safe).toEqual(notes);
      expect(await read()).toEqual([JOB, ...notes.map(note)]);
    });

    it("refuses a coordinator once another one has written, from then on", async () => {
      const { place, log: first, read } = await setUp();
      await first.append([note(1)]);
      const { log: second } = await place.open();
      // Opening it alone deposes nobody.
      await first.append([note(2)]);
      const taken = { code: "LOG_TAKEN" };
      await expect(appendTo(second, [{ type: "resumed", term: 2 }])).rejects.toMatchObject(taken);
      const { log: third } = await place.open();
      await third.append([{ type: "resumed", term: 2 }]);
      for (let tries = 0; tries < 2; tries++) {
        await expect(appendTo(first, [note(3)])).rejects.toMatchObject(taken);
      }
      await third.append([note(4)]);
      const kept = [JOB, note(1), note(2), { type: "resumed", term: 2 }, note(4)];
      expect(await read()).toEqual(kept);
    });

    it("finds out on a check that another coordinator has written, and only then", async () => {
      const { place, log: first } = await setUp();
      const { log: second } = await place.open();
      await second.check();
      const appending = first.append([note(1)]);
      await first.check();
      await appending;
      await first.check();
      await expect(second.check()).rejects.toMatchObject({ code: "LOG_TAKEN" });
    });

    it("lets one of several coordinators lead that write at the same time", async () => {
      const { place, read } = await setUp();
      const rivals = await Promise.all(Array.from({ length: 5 }, () => place.open()));
      const results = await Promise.allSettled(
        rivals.map(({ log }, rival) => appendTo(log, [{ type: "resumed", term: rival + 2 }])),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const term = results.findIndex(({ status }) => status === "fulfilled") + 2;
      expect(await read()).toEqual([JOB, { type: "resumed", term }]);
    });

    it("appends nothing more after an append that failed, even if it could write again", async () => {
      const { place, log, read } = await setUp();
      await log.append([note(1)]);
      const unwritable = { code: "LOG_UNWRITABLE" };
      place.breakDown();
      await expect(appendTo(log, [note(2)])).rejects.toMatchObject(unwritable);
      // A log that cannot be read now may be readable later.
      await log.check();
      place.repair();
      await expect(appendTo(log, [note(3)])).rejects.toMatchObject(unwritable);
      log.close();
      expect(await read()).toEqual([JOB, note(1)]);
    });

    it("fails appends that wait for one that fails", async () => {
      const { place, log, read } = await setUp();
      place.breakDown();
      const appends = [1, 2, 3].map((number) => appendTo(log, [note(number)]));
      for (const append of appends) {
        await expect(append).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
      }
      place.repair();
      expect(await read()).toEqual([JOB]);
    });

    it("gives each coordinator a higher term than all before, and shows a lower one as damage", async () => {
      const { place, log, read } = await setUp();
      log.close();
      for (const expected of [2, 3, 4]) {
        const { log: next, records } = await place.open();
        const term = replay(records).term + 1;
        expect(term).toBe(expected);
        await next.append([{ type: "resumed", term }]);
        next.close();
      }
      const { log: last } = await place.open();
      await last.append([{ type: "resumed", term: 3 }]);
      await expect(read().then(replay)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
    });
  });
}

/** An append that is refused throws, or is rejected. */
async function appendTo(log: JobLog, records: readonly LogRecord[]): Promise<void> {
  await log.append(records);
}
