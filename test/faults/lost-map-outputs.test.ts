// Tests jobs whose map outputs vanish or are damaged.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RpcClient } from "../../src/mr/control/protocol/client.ts";
import { PROTOCOL_VERSION } from "../../src/mr/control/protocol/protocol.ts";
import { Job } from "../support/job.ts";

/**
 * A word count that leaves a line in `maps` for every map it runs, and whose very first reduce does
 * `damage` (source text, with the file system as `fs`) to the output of a map task.
 */
function appThat(damage: string): string {
  return `
    import * as fs from "node:fs";
    export function map(file, contents) {
      fs.appendFileSync("maps", file + "\\n");
      return contents.split(" ").map((key) => ({ key, value: "1" }));
    }
    export function reduce(key, values) {
      if (fs.existsSync("mr-1-1") && !fs.existsSync("damaged")) {
        fs.writeFileSync("damaged", "");
        ${damage}
      }
      const wrong = values.find((value) => value !== "1");
      if (wrong !== undefined) throw new Error("no map has emitted " + wrong);
      return String(values.length);
    }
  `;
}

const FLIP = `
  const bytes = fs.readFileSync("mr-1-1");
  bytes[AT] ^= 1;
  fs.writeFileSync("mr-1-1", bytes);
`;

let job: Job;
beforeEach(() => {
  job = new Job();
  // Every file has words for each of the two reduce tasks.
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`);
  for (const file of ["a.txt", "b.txt", "c.txt"]) job.write(file, words.join(" "));
});
afterEach(() => job.end());

async function expectOneMapAgain(damage: string): Promise<string> {
  const app = job.writeApp(appThat(damage));
  // No attempt may fail in this job, so nothing of this may count as a failure.
  const coordinator = await job.ready("-r", "2", "--attempts", "1", "a.txt", "b.txt", "c.txt");
  const worker = job.worker(app);
  const { code, stderr } = await coordinator.ended;
  expect(stderr).toContain("map task 1 runs again");
  expect(code).toBe(0);
  expect((await worker.ended).code).toBe(0);
  const maps = readFileSync(job.path("maps"), "utf8");
  expect(maps).toBe("a.txt\nb.txt\nc.txt\nb.txt\n");
  expect(job.output()).toBe(await job.oracle(job.path(app), "a.txt", "b.txt", "c.txt"));
  expect(job.temporaryFiles()).toEqual([]);
  return stderr;
}

describe("a map output that is not what its map task reported", () => {
  it("F9 runs only that map again when it has vanished", async () => {
    const stderr = await expectOneMapAgain(`fs.rmSync("mr-1-1");`);
    expect(stderr).toMatch(/mr-1-1": no such file or directory/);
  });

  it("F10 runs only that map again when it was cut, in a line or between two", async () => {
    await expectOneMapAgain(`fs.truncateSync("mr-1-1", fs.statSync("mr-1-1").size - 3);`);
  });

  it("F10 takes a file cut at the end of a line for torn, not for short", async () => {
    await expectOneMapAgain(`
      const text = fs.readFileSync("mr-1-1", "utf8");
      fs.truncateSync("mr-1-1", text.indexOf("\\n") + 1);
    `);
  });

  it("F10 takes a file that is empty for torn", async () => {
    await expectOneMapAgain(`fs.truncateSync("mr-1-1", 0);`);
  });

  it("F11 runs only that map again when a byte of a word has changed", async () => {
    await expectOneMapAgain(FLIP.replace("AT", `bytes.indexOf("word") + 4`));
  });

  it("F11 runs only that map again when a value cannot be read any more", async () => {
    await expectOneMapAgain(FLIP.replace("AT", `bytes.indexOf('"1"')`));
  });

  it("F11 blames a value that makes the app throw on the file, if that is corrupted", async () => {
    await expectOneMapAgain(FLIP.replace("AT", `bytes.indexOf('"1"') + 1`));
  });

  it("F11 never takes a corrupted line for the end of the file", async () => {
    await expectOneMapAgain(FLIP.replace("AT", `bytes.indexOf("\\n")`));
  });

  it("F11 finds bytes that were added", async () => {
    await expectOneMapAgain(`fs.appendFileSync("mr-1-1", '["zzz",[["1",1]]]\\n');`);
  });
});

describe("a report of damage", () => {
  const SOURCE = [{ name: "mr-0-0", bytes: 0, crc32: 0 }];

  /** A worker that speaks the protocol by hand, past its map task and on its reduce task. */
  async function reducer(): Promise<{ client: RpcClient; worker: number }> {
    // It sends no heartbeat.
    await job.ready("-r", "1", "--attempts", "1", "--lease", "600", "a.txt");
    const client = new RpcClient(job.socketPath);
    const { worker } = await client.call("worker.register", {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      app: "by-hand",
      digest: "0".repeat(64),
      splitting: "wholeFile",
    });
    const map = { worker, phase: "map", task: 0, attempt: 1 } as const;
    await client.call("task.request", { worker });
    await client.call("task.commit", map);
    await client.call("task.complete", { ...map, outputs: SOURCE, counters: {} });
    const task = await client.call("task.request", { worker });
    expect(task).toMatchObject({ kind: "reduce", task: 0, attempt: 1, sources: SOURCE });
    return { client, worker };
  }

  it("F9 gives the map task to whoever asks next, and then the reduce task its new output", async () => {
    const { client, worker } = await reducer();
    const reduce = { worker, phase: "reduce", task: 0, attempt: 1 } as const;
    const code = "SHUFFLE_DAMAGED" as const;
    const report = { ...reduce, code, message: "it is gone", damaged: ["mr-0-0"] };
    expect(await client.call("task.fail", report)).toEqual({ accepted: true });
    // Said twice, it is stale, and the map task does not run twice for it.
    expect(await client.call("task.fail", report)).toEqual({ accepted: false });
    const map = { worker, phase: "map", task: 0, attempt: 2 } as const;
    expect(await client.call("task.request", { worker })).toMatchObject({
      kind: "map",
      attempt: 2,
    });
    await client.call("task.commit", map);
    const outputs = [{ name: "mr-0-0", bytes: 5, crc32: 7 }];
    await client.call("task.complete", { ...map, outputs, counters: {} });
    const next = await client.call("task.request", { worker });
    expect(next).toMatchObject({ kind: "reduce", task: 0, attempt: 2, sources: outputs });
    client.close();
  });

  it("F9 is a failure like any other when it names nothing that the reduce task reads", async () => {
    const { client, worker } = await reducer();
    const reduce = { worker, phase: "reduce", task: 0, attempt: 1 } as const;
    const damaged = ["mr-0-1", "mr-out-0", "../mr-0-0", "mr-9-0"];
    await client.call("task.fail", {
      ...reduce,
      code: "SHUFFLE_DAMAGED",
      message: "it is gone",
      damaged,
    });
    expect(await client.call("task.request", { worker })).toEqual({
      kind: "exit",
      outcome: "failed",
    });
    client.close();
  });
});
