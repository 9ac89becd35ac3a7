import { expect, it } from "vitest";
import { EntryJobLog, type EntryStore } from "../../../src/mr/control/log/entry-job-log.ts";
import { Deferred } from "../../support/deferred.ts";
import { MemoryEntries } from "../../support/memory-entries.ts";
import { describeJobLog, JOB, note } from "./job-log-conformance.ts";

describeJobLog("in a store of entries in memory", () => {
  const entries = new MemoryEntries();
  let fault: "lose" | "leaveUnanswered" | "repeat" | undefined;
  const store: EntryStore = {
    put: (index, entry) => {
      const now = fault;
      fault = undefined;
      if (now === "lose") throw new Error("no answer");
      const isWritten = entries.put(index, entry);
      if (now === "repeat") entries.put(index, entry);
      if (now === "leaveUnanswered") throw new Error("no answer");
      return isWritten;
    },
    get: (index) => entries.get(index),
  };
  return {
    create: async () => {
      const { log } = await EntryJobLog.open(store);
      await log.append([JOB]);
      return log;
    },
    open: () => EntryJobLog.open(store),
    faults: {
      lose: () => {
        fault = "lose";
      },
      leaveUnanswered: () => {
        fault = "leaveUnanswered";
      },
      repeat: () => {
        fault = "repeat";
      },
    },
  };
});

it("gives up a write that is never answered, and all after it", async () => {
  const store: EntryStore = {
    put: () => Promise.reject(new Error("no answer")),
    get: () => undefined,
  };
  const { log } = await EntryJobLog.open(store);
  const appends = [log.append([JOB]), log.append([note(1)])];
  for (const append of appends) {
    await expect(append).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
  }
  await expect(log.append([note(2)])).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
});

it("writes what is appended during a write as one entry", async () => {
  const entries = new MemoryEntries();
  const written = new Deferred<void>();
  const store: EntryStore = {
    put: async (index, entry) => {
      await written.promise;
      return entries.put(index, entry);
    },
    get: (index) => entries.get(index),
  };
  const { log } = await EntryJobLog.open(store);
  const first = log.append([JOB]);
  await Promise.resolve();
  await Promise.resolve();
  const later = [log.append([note(1)]), log.append([note(2)])];
  written.resolve();
  await Promise.all([first, ...later]);
  expect(entries.get(0)?.records).toEqual([JOB]);
  expect(entries.get(1)?.records).toEqual([note(1), note(2)]);
  expect(entries.get(2)).toBeUndefined();
});
