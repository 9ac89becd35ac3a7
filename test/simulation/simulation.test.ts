// Tests the coordinator and workers in a simulated network, seed by seed.

import { describe, expect, it } from "vitest";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { replayCommand, simulate } from "./simulate.ts";
import { World } from "./world.ts";

/** Runs jobs, and shows how to run the one that failed again. */
async function expectAllToComplete(from: number, seeds: number, faults?: Faults): Promise<void> {
  const { failures } = await simulate(from, seeds, faults);
  for (const failure of failures) {
    failure.error.message += faults === undefined ? ` — ${replayCommand(failure)}` : "";
    throw failure.error;
  }
}

const ROWS: ReadonlyArray<readonly [title: string, faults: Partial<Faults>]> = [
  ["F1 workers are killed in the middle of tasks", { everyMs: 150, kinds: ["killWorker"] }],
  ["F3 workers die between their renames and their report", { dieInCommit: 0.4 }],
  ["F4 coordinators are killed", { everyMs: 300, kinds: ["killCoordinator"] }],
  ["F4 coordinators die while they append to the log", { dieInAppend: 0.3 }],
  ["F12 coordinators can't write to the log any more", { breakLog: 0.1 }],
  ["requests to the log's store get lost, and so do answers", { loseLogRequest: 0.15 }],
  ["requests to the log's store take longer than a lease", { slowLog: 0.2 }],
  ["appends to the log arrive twice", { repeatAppend: 0.5, loseLogRequest: 0.1 }],
  ["coordinators are deposed, and wake later", { everyMs: 300, kinds: ["deposeCoordinator"] }],
  [
    "coordinators are deposed, and messages still reach them",
    { everyMs: 300, kinds: ["deposeCoordinator"], misroute: 0.3 },
  ],
  ["F6 workers stop for longer than a lease", { everyMs: 200, kinds: ["pauseWorker"] }],
  [
    "F6 the coordinator stops for longer than a lease",
    { everyMs: 400, kinds: ["pauseCoordinator"] },
  ],
  ["F7 workers wake in the middle of their renames and report late", { pauseInCommit: 0.4 }],
  ["F8 attempts take longer than they should", { stall: 0.4 }],
  ["F37 apps compute for ever, under a task timeout", { getStuck: 0.5 }],
  [
    "F9 F10 F11 F49 map outputs and results vanish, or are cut or corrupted",
    { everyMs: 60, kinds: ["spoilFile"] },
  ],
  [
    "F49 results are spoilt while coordinators are killed and resume the job",
    { everyMs: 100, kinds: ["spoilFile", "killCoordinator"] },
  ],
  ["F49 the renames of results do nothing", { loseRename: 0.4 }],
  ["F22 the app throws now and then", { appThrows: 0.4 }],
  ["messages are lost", { lose: 0.3 }],
  ["messages overtake each other", { delay: 0.4 }],
  ["messages arrive twice", { repeat: 0.4, delay: 0.2 }],
  ["connections break while a worker waits", { hangUp: 0.8 }],
];

describe("a simulated job, with the real scheduler, journal and protocol", () => {
  for (const [title, faults] of ROWS) {
    it(`${title}, and it completes with its exact output`, async () => {
      await expectAllToComplete(1, 80, { ...NO_FAULTS, ...faults });
    });
  }

  it("F6 takes no attempt for lost while it was the coordinator that stopped", async () => {
    const faults: Faults = { ...NO_FAULTS, everyMs: 400, kinds: ["pauseCoordinator"] };
    for (let seed = 1; seed <= 80; seed++) {
      const world = new World(seed, faults);
      await world.run();
      expect({ seed, leasesEnded: world.leasesEnded }).toEqual({ seed, leasesEnded: 0 });
    }
  });

  it("F41 takes no attempt for lost while the coordinator waits for its log", async () => {
    const faults: Faults = { ...NO_FAULTS, slowLog: 0.2 };
    for (let seed = 1; seed <= 80; seed++) {
      const world = new World(seed, faults);
      await world.run();
      expect({ seed, leasesEnded: world.leasesEnded }).toEqual({ seed, leasesEnded: 0 });
    }
  });

  it("completes with its exact output though everything goes wrong at once", async () => {
    await expectAllToComplete(1, 2000);
    // Seconds of computing, which on a busy machine are minutes.
  }, 600_000);

  it("is the same for the same seed", async () => {
    const [first, second] = [await simulate(77, 20), await simulate(77, 20)];
    expect(second).toEqual(first);
  });
});
