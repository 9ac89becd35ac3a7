// Tests that bytes which `combine` loses are reported where sorted runs are merged, too.

import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { defineApp } from "../../../src/mr/app/contract/define-app.ts";
import { lines } from "../../../src/mr/data/input/lines.ts";
import { JobHarness } from "./job-harness.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const decode = (value: unknown) => (value instanceof ByteSlice ? value.view().toString() : value);

/** What `combine` makes of two values, and whether it loses bytes that are not UTF-8. */
const COMBINES: readonly [string, (a: unknown, b: unknown) => unknown, boolean][] = [
  ["strings of slices", (a, b) => `${a},${b}`, true],
  ["strings that it compares", (a, b) => (String(a) < String(b) ? a : b), true],
  ["strings that it decodes itself", (a, b) => `${decode(a)},${decode(b)}`, true],
  ["an object of such strings", (a, b) => ({ a: decode(a), b: decode(b) }), true],
  ["one of the slices", (a, b) => ((a as ByteSlice).length > 2 ? a : b), false],
];

/** Each line is a key of one letter, and its value. */
function appOf(combine: (a: unknown, b: unknown) => unknown): RecordApp {
  return defineApp({
    input: lines(),
    map(line, emit) {
      emit(line.subarray(0, 1), line.subarray(1));
    },
    combine,
    reduce: () => 1,
  }) as RecordApp;
}

describe.each(COMBINES)("a combine that makes %s", (_, combine, isLoss) => {
  it("F18 counts the key if map outputs are merged in several passes", async () => {
    const job = new JobHarness();
    const files = ["\xe9", "\xe8", "\xe0", "plain"].map((value, number) =>
      job.write(`${number}`, latin1(`a${value}\n`)),
    );
    await job.run(appOf(combine), files, { fanIn: 2, reduces: 1 });
    const lost = job.counters["keys-not-utf8"] ?? 0;
    expect(lost > 0).toBe(isLoss);
    expect(Object.keys(job.counters)).toEqual(isLoss ? ["keys-not-utf8"] : []);
  });

  it("F18 counts the key if spills of a map task are merged", async () => {
    const job = new JobHarness();
    const filler = Array.from({ length: 300 }, (__, n) => `b${"x".repeat(100 + n)}`);
    const text = ["a\xe9", ...filler, "a\xe8", ""].join("\n");
    const { length } = await job.map(appOf(keepLast(combine)), [job.write("in", latin1(text))], {
      memoryBytes: 3000,
      reduces: 1,
    });
    expect(length).toBe(1);
    expect(job.counters).toEqual(isLoss ? { "keys-not-utf8": 1 } : {});
  });
});

/** Combines the values under test, and keeps the last of others. */
function keepLast(combine: (a: unknown, b: unknown) => unknown) {
  return (a: unknown, b: unknown) =>
    a instanceof ByteSlice && b instanceof ByteSlice && a.length > 2 ? b : combine(a, b);
}

describe("a combine that makes strings", () => {
  it("F18 loses nothing of values in UTF-8, whatever their keys are", async () => {
    const job = new JobHarness();
    const files = ["one", "\ufffd", "é"].map((value, number) =>
      job.write(`${number}`, Buffer.concat([latin1("\xe9"), Buffer.from(`${value}\n`)])),
    );
    const combine = (a: unknown, b: unknown) => `${decode(a)},${decode(b)}`;
    await job.run(appOf(combine), files, { fanIn: 2, reduces: 1 });
    expect(job.counters).toEqual({});
  });

  it("F18 loses nothing of them where it was given other bytes for the key before, and made no text", async () => {
    const job = new JobHarness();
    const files = ["0", "1", "2"].map((name) =>
      job.write(name, Buffer.concat([latin1("a\xe9\n\xe9"), Buffer.from("\ufffd\n")])),
    );
    const combine = (a: unknown, b: unknown) =>
      a instanceof ByteSlice && a.length === 1 ? a : `${decode(a)},${decode(b)}`;
    await job.run(appOf(combine), files, { fanIn: 2, reduces: 1 });
    expect(job.counters).toEqual({});
  });
});
