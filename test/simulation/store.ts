import type { EntryStore, LogEntry } from "../../src/mr/control/log/entry-job-log.ts";
import { MemoryEntries } from "../support/memory-entries.ts";
import type { SimulatedCoordinator } from "./coordinator.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** How long stores take at most to receive a request, and to answer. */
const SLOW_MS = [0, 5, 100];
/** The same for a request that is slow by a fault: longer than a lease. */
const VERY_SLOW_MS = 3000;
/** For how long a store is out of reach at most: some appends give up before. */
const MAX_BROKEN_MS = 10_000;

/** The store of the job's log, which all coordinators share. Requests to it may get lost, and so may answers. */
export class SharedStore {
  readonly entries = new MemoryEntries();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * The store as a coordinator process sees it.
   *
   * @param coordinator the coordinator, once it has read the log: until then, reads that get lost are repeated
   */
  seenBy(process: Process, coordinator: () => SimulatedCoordinator | undefined): EntryStore {
    const { random, time } = this.#world;
    const slowMs = random.pick(SLOW_MS) ?? 0;
    /** Until when the process can't reach the store. */
    let brokenMs = 0;
    const ask = <T>(request: () => T) => this.#ask(process, slowMs, request, brokenMs);
    return {
      put: (index, entry) => {
        const { faults } = this.#world;
        const put = () => {
          const isWritten = this.entries.put(index, entry);
          const writer = coordinator();
          if (isWritten && writer !== undefined) this.#world.kept(entry.records, writer);
          return isWritten;
        };
        if (random.chance(faults.dieInAppend)) {
          time.after(this.#delayMs(slowMs), () => this.#world.kill(process));
        }
        if (random.chance(faults.repeatAppend)) {
          time.after(20 * this.#delayMs(slowMs), put);
        }
        if (!random.chance(faults.breakLog)) return ask(put);
        // The last request may arrive, but its answer does not.
        if (random.chance(0.5)) time.after(this.#delayMs(slowMs), put);
        brokenMs = time.nowMs + random.between(0, MAX_BROKEN_MS);
        return ask(put);
      },
      get: (index) => {
        if (coordinator() === undefined) return this.#read(process, index);
        return ask(() => this.entries.get(index));
      },
    };
  }

  /** Reads an entry when a coordinator starts. Workers poll meanwhile, so that it takes little time. */
  #read(process: Process, index: number): LogEntry | undefined | Promise<LogEntry | undefined> {
    const { random } = this.#world;
    const get = () => this.entries.get(index);
    if (random.chance(0.8)) return get();
    return this.#ask(process, 10, get).catch(() => this.#read(process, index));
  }

  #ask<T>(process: Process, usuallyMs: number, request: () => T, brokenMs = 0): Promise<T> {
    const { random, time, faults } = this.#world;
    const slowMs = random.chance(faults.slowLog) ? VERY_SLOW_MS : usuallyMs;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => {
        time.after(this.#delayMs(slowMs), () => process.act(settle));
      };
      const lost = () => answer(() => reject(new Error("no answer from the store")));
      if (time.nowMs < brokenMs || random.chance(faults.loseLogRequest)) {
        lost();
        return;
      }
      time.after(this.#delayMs(slowMs), () => {
        const result = request();
        if (random.chance(this.#world.faults.loseLogRequest)) lost();
        else answer(() => resolve(result));
      });
    });
  }

  #delayMs(slowMs: number): number {
    return slowMs === 0 ? 0 : this.#world.random.between(0, slowMs);
  }
}
