// Tests src/mr/data/task: a map output whose damage makes the app fail before its checksum is reached.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { defineApp, type Emit, lines, type Text, UsageError } from "../../../src/mr/index.ts";
import { mrError } from "../../support/mr-error.ts";
import { JobHarness, type JobOptions } from "./job-harness.ts";

const VALUE = "ok".padEnd(1000, ".");
/** A merge reads less than a quarter of a map output at a time, so the app gets values before their checksum. */
const KEYS = 1500;
const INPUTS = ["a.txt", "b.txt", "c.txt"];

let job: JobHarness;
beforeEach(() => {
  job = new JobHarness();
  const keys = Array.from({ length: KEYS }, (_, key) => `key${key}\n`);
  for (const name of INPUTS) job.write(name, keys.join(""));
});

function check(value: unknown): void {
  if (value !== VALUE) throw new Error("no map has emitted this");
}

/** An app that fails on values that it has not emitted: as `functions` say, or in `reduce`. */
function app(functions: object = {}): RecordApp {
  return defineApp({
    input: lines(),
    map: (line, emit: Emit<string>) => emit(line, VALUE),
    reduce(_key: string, values: Iterable<string>) {
      for (const value of values) check(value);
      return 1;
    },
    ...functions,
  });
}

/** Runs the map tasks of an app and its reduce task, before which `damage` changes the outputs of map task 1. */
async function reduceAfter(
  damage: (path: string) => void,
  options: JobOptions & { readonly app: RecordApp },
): Promise<Buffer> {
  const reports = await job.map(options.app, INPUTS, { reduces: 1 });
  damage(join(job.directory, "mr-1-0"));
  return await job.reduce(options.app, 0, reports, { reduces: 1, ...options });
}

function changeValue(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.indexOf("ok")] = 0x61;
  writeFileSync(path, bytes);
}

const FAILING: ReadonlyArray<readonly [string, object, JobOptions]> = [
  ["reduce throws", {}, {}],
  [
    "reduce throws a UsageError",
    {
      reduce(_key: string, values: Iterable<string>) {
        for (const value of values) if (value !== VALUE) throw new UsageError("Set VALUE");
      },
    },
    {},
  ],
  [
    "reduce rejects",
    {
      async reduce(_key: string, values: Iterable<string>) {
        for (const value of values) check(value);
      },
    },
    {},
  ],
  [
    "an iterator of reduce throws",
    {
      *reduce(_key: string, values: Iterable<string>) {
        for (const value of values) yield check(value);
      },
    },
    {},
  ],
  [
    "reduce returns what can't be written",
    {
      reduce(_key: string, values: Iterable<string>) {
        for (const value of values) if (value !== VALUE) return Number.NaN;
        return 1;
      },
    },
    {},
  ],
  [
    "orderValues throws",
    {
      orderValues(a: string, b: string) {
        for (const value of [a, b]) check(value);
        return 0;
      },
    },
    {},
  ],
  [
    "combine throws between two passes",
    {
      combine(_key: Text, values: Iterable<string>) {
        for (const value of values) check(value);
        return VALUE;
      },
    },
    { fanIn: 2 },
  ],
];

describe("a changed value in a map output", () => {
  it.each(FAILING)("F11 is to blame, and not the app, when %s", async (_, functions, options) => {
    const reducing = reduceAfter(changeValue, { app: app(functions), ...options });
    const path = join(job.directory, "mr-1-0");
    await expect(reducing).rejects.toThrow(mrError("SHUFFLE_DAMAGED", `"${path}"`));
    expect(job.leftovers).toEqual([]);
  });

  it("F11 is to blame when it is in another map output than that on which the app fails", async () => {
    // Every map output has these keys, and the damage is behind the first of them.
    const failing = app({
      reduce() {
        throw new Error("boom");
      },
    });
    const changeLast = (path: string) => {
      const bytes = readFileSync(path);
      bytes[bytes.lastIndexOf("ok")] = 0x61;
      writeFileSync(path, bytes);
    };
    const reducing = reduceAfter(changeLast, { app: failing });
    await expect(reducing).rejects.toThrow(mrError("SHUFFLE_DAMAGED", "mr-1-0", "checksum"));
  });

  it("F11 is noticed at the end though the key was left out as a bad record", async () => {
    const reducing = reduceAfter(changeValue, { app: app(), skipBadRecords: true });
    await expect(reducing).rejects.toThrow(mrError("SHUFFLE_DAMAGED", "mr-1-0"));
  });

  it("F9 is to blame when the map output vanishes while the app fails", async () => {
    let path = "";
    const failing = app({
      reduce() {
        rmSync(path, { force: true });
        throw new Error("boom");
      },
    });
    const remember = (given: string) => {
      path = given;
    };
    const reducing = reduceAfter(remember, { app: failing });
    await expect(reducing).rejects.toThrow(mrError("SHUFFLE_DAMAGED", "mr-1-0"));
  });
});

it("F22 an app that fails on map outputs that are as they were written is to blame itself", async () => {
  const failing = app({
    reduce() {
      throw new Error("boom");
    },
  });
  const reducing = reduceAfter(() => undefined, { app: failing });
  await expect(reducing).rejects.toThrow(mrError("APP_THREW", "boom"));
});
