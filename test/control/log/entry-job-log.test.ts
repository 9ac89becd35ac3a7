import { expect, it } from "vitest";
import { EntryJobLog, type EntryStore } from "../../../src/mr/control/log/entry-job-log.ts";
import { Deferred } from "../../support/deferred.ts";
import { MemoryEntries } from "../../support/memory-entries.ts";
import { describeJobLog, JOB, note } from "./job-log-conformance.ts";

type Fault = "lose" | "leaveUnanswered" | "repeat";

/** Entries in memory, and a store of them whose writes may go wrong. */
function setUp() {
  const entries = new MemoryEntries();
  const faults = { isBroken: false, next: undefined as Fault | undefined };
  const store: EntryStore = {
    put: (index, entry) => {
      const fault = faults.next;
      faults.next = undefined;
      if (faults.isBroken || fault === "lose") throw new Error("no answer");
      const isWritten = entries.put(index, entry);
      if (fault === "repeat") entries.put(index, entry);
      if (fault === "leaveUnanswered") throw new Error("no answer");
      return isWritten;
    },
    get: (index) => {
      if (faults.isBroken) throw new Error("no answer");
      return entries.get(index);
    },
  };
  return { entries, store, faults };
}

describeJobLog("in a store of entries in memory", () => {
  const { store, faults } = setUp();
  return {
    create: async () => {
      const { log } = await EntryJobLog.open(store);
      await log.append([JOB]);
      return log;
    },
    open: () => EntryJobLog.open(store),
    breakDown: () => {
      faults.isBroken = true;
    },
    repair: () => {
      faults.isBroken = false;
    },
  };
});

it.each<[string, Fault]>([
  ["is lost", "lose"],
  ["arrives without an answer", "leaveUnanswered"],
  ["arrives twice", "repeat"],
])("keeps a record exactly once when its write %s", async (_, fault) => {
  const { entries, store, faults } = setUp();
  const { log } = await EntryJobLog.open(store);
  for (const number of [1, 2, 3]) {
    faults.next = fault;
    await log.append([note(number)]);
  }
  expect(entries.records).toEqual([note(1), note(2), note(3)]);
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
