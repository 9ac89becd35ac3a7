// Tests src/mr/data/shuffle/merge-passes.ts and combine-group.ts: what is merged before a reduce task reads it.

import { beforeEach, describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import { union } from "../../../src/mr/app/contract/combiners.ts";
import { mergeRuns } from "../../../src/mr/data/shuffle/group-source.ts";
import { type MergeOptions, MergePasses } from "../../../src/mr/data/shuffle/merge-passes.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { writeRun } from "./write-run.ts";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

/** Runs of one key, one for each list of values, two of which are merged at a time. */
function passesOf(runs: readonly (readonly unknown[])[], options: Partial<MergeOptions>) {
  const written = runs.map((values) => {
    return writeRun(directory, [["key", values.map((value) => [1, value] as const)]]);
  });
  const defaults: MergeOptions = {
    scratch: fileStorage.scratch(directory, "0123abcd-0-1"),
    name: "mr-out-0-merge",
    reduces: 1,
    fanIn: 2,
    mergeBytes: 1,
    order: undefined,
    combine: undefined,
    watchLoss: () => ({ end: () => undefined }),
  };
  return new MergePasses({ ...defaults, ...options }, written);
}

/** The values of the key after all passes, byte slices as `bytes …`. */
function mergedValues(runs: readonly (readonly unknown[])[], options: Partial<MergeOptions>) {
  const passes = passesOf(runs, options);
  passes.reduceToFanIn();
  const merger = mergeRuns(passes.runsOf(0), passes.bufferBytes, undefined);
  const values: unknown[] = [];
  expect(merger.nextGroup()).toBe(true);
  while (merger.nextValue()) {
    const value = merger.decode();
    values.push(value instanceof ByteSlice ? `bytes ${value.view()}` : value);
  }
  merger.close();
  return values;
}

const slice = (text: string) => new ByteSlice(Buffer.from(text));

describe("runs that are merged in several passes", () => {
  it.each([2, 3, 4, 5, 6, 7, 9])("keep the values of a key in the order of %i runs", (count) => {
    const runs = Array.from({ length: count }, (_, run) => [`${run} first`, `${run} second`]);
    for (const fanIn of [2, 3]) expect(mergedValues(runs, { fanIn })).toEqual(runs.flat());
  });

  it("give combine two byte slices that stay as they are while it is called", () => {
    const long = "y".repeat(20_000);
    const larger = (a: unknown, b: unknown) => {
      const [one, other] = [a as ByteSlice, b as ByteSlice];
      return Buffer.compare(one.view(), other.view()) > 0 ? one : other;
    };
    const runs = ["z", "a", long, "b"].map((text) => [slice(`${text}1`), slice(`${text}0`)]);
    expect(mergedValues(runs, { combine: larger })).toEqual(["bytes z1", `bytes ${long}1`]);
  });

  it("keep a text, and a byte slice of the same bytes, as two values of a union", () => {
    const runs = [["x", slice("x")], [slice("x"), "x"], [slice("y")]];
    expect(mergedValues(runs, { combine: union })).toEqual(["x", "bytes x", "bytes y"]);
  });

  it("F18 have a watch for each merge, which ends with it, also when combine throws", () => {
    const watched: string[] = [];
    const watchLoss: MergeOptions["watchLoss"] = (key) => {
      watched.push("begin");
      return { end: () => watched.push(`end after ${key}`) };
    };
    const runs = [["a"], ["b"], ["c"]];
    const combine = (a: unknown, b: unknown) => `${a}${b}`;
    expect(mergedValues(runs, { combine, watchLoss })).toEqual(["ab", "c"]);
    expect(watched).toEqual(["begin", "end after key"]);
    const passes = passesOf(runs, {
      watchLoss,
      combine() {
        throw new Error("It can't");
      },
    });
    expect(() => passes.reduceToFanIn()).toThrow('combine failed on key "key": It can\'t');
    expect(watched).toEqual(["begin", "end after key", "begin", "end after key"]);
  });
});
