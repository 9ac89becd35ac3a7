import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { appFrames } from "../../../src/mr/watch/history/app-frames.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

describe("the stack of what an app threw", () => {
  it("has the frames of the app and of what it has called, and none of those that called it", () => {
    const stack = [
      "RangeError: cannot use",
      "    at node:internal/deep",
      "two lines",
      "    at deep (/home/ann/app.ts:4:9)",
      "    at Array.map (<anonymous>)",
      "    at async map (file:///home/ann/node_modules/other/index.js:10:5)",
      "    at Generator.next (<anonymous>)",
      `    at MapRun.#map (${ROOT}src/mr/data/task/map-task.ts:163:33)`,
      `    at run (file://${ROOT}dist/chunks/a/b.js:1:2)`,
      "    at run (/else/node_modules/tsmr/dist/mr/worker/run.js:1:2)",
      "    at new Promise (<anonymous>)",
      "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    ].join("\n");
    expect(appFrames(stack).split("\n")).toEqual([
      "RangeError: cannot use",
      "two lines",
      "    at deep (/home/ann/app.ts:4:9)",
      "    at Array.map (<anonymous>)",
      "    at async map (file:///home/ann/node_modules/other/index.js:10:5)",
    ]);
  });

  it("has those of shipped apps, and is the message alone where there are none", () => {
    const shipped = `Error: a\n    at map (${ROOT}src/mrapps/grep.ts:1:2)\n    at map (/x/node_modules/tsmr/dist/mrapps/grep.js:3:4)`;
    expect(appFrames(shipped)).toBe(shipped);
    expect(appFrames(`Error: a\n    at map (${ROOT}src/mr/a.ts:1:2)`)).toBe("Error: a");
    expect(appFrames("")).toBe("");
  });
});
