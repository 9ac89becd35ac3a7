import type { EntryStore, LogEntry } from "../../src/mr/control/log/entry-job-log.ts";
import { MemoryEntries } from "../support/memory-entries.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** The store of the job's log, which all coordinators share. Requests to it may get lost, and so may answers. */
export class SharedStore {
  readonly entries = new MemoryEntries();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The store as a process sees it that takes part in the network. */
  seenBy(process: Process): EntryStore {
    const { random } = this.#world;
    /** How long the store takes to answer at most. */
    const slowMs = random.pick([0, 5, 100]) ?? 0;
    return {
      put: (index, entry) => this.#put(process, index, entry, slowMs),
      get: (index) => this.entries.get(index),
    };
  }

  #put(process: Process, index: number, entry: LogEntry, slowMs: number): Promise<boolean> {
    const { random, faults, time } = this.#world;
    const delayMs = () => (slowMs === 0 ? 0 : random.between(0, slowMs));
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => time.after(delayMs(), () => process.act(settle));
      const lost = () => answer(() => reject(new Error("no answer from the store")));
      if (random.chance(faults.dieInAppend)) time.after(delayMs(), () => this.#world.kill(process));
      if (random.chance(faults.loseAppend)) {
        lost();
        return;
      }
      const arrive = () => {
        const isWritten = this.entries.put(index, entry);
        if (random.chance(this.#world.faults.loseAppend)) lost();
        else answer(() => resolve(isWritten));
      };
      const arrivesMs = delayMs();
      time.after(arrivesMs, arrive);
      if (random.chance(faults.repeatAppend)) {
        time.after(arrivesMs + 20 * delayMs(), () => this.entries.put(index, entry));
      }
    });
  }
}
