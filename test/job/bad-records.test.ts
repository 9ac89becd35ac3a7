// Tests the limit of bad records.

import { describe, expect, it } from "vitest";
import {
  type MaxBadRecords,
  parseMaxBadRecords,
  tooManyBadRecords,
} from "../../src/mr/job/bad-records.ts";

const first = { file: "a", place: "line 1", reason: "it is bad" };

function tally(read: number, bad: number, name = "skipped-records") {
  return { read, bad: bad === 0 ? {} : { [name]: bad }, ...(bad === 0 ? {} : { first }) };
}

describe("the limit of bad records", () => {
  it("is a whole number or a percentage", () => {
    for (const limit of [0, 7, 2 ** 40, "0%", "5%", "5.5%", "100%"]) {
      expect(parseMaxBadRecords(limit)).toBe(limit);
    }
    expect(parseMaxBadRecords("05.50%")).toBe("5.5%");
    const wrong = [-1, 5.5, Number.NaN, 2 ** 60, "", "5", "%", "101%", "-1%", "1e1%", "5 %", "abc"];
    for (const limit of [...wrong, null, undefined, {}, true]) {
      expect(parseMaxBadRecords(limit), `${limit}`).toBeUndefined();
    }
  });

  it.each<[max: MaxBadRecords, bad: number, read: number, isTooMany: boolean]>([
    ["90%", 0, 0, false],
    ["90%", 9, 10, false],
    ["90%", 10, 11, true],
    ["90%", 1, 1, true],
    ["100%", 5, 5, false],
    ["0%", 1, 1_000_000, true],
    ["0%", 0, 1_000_000, false],
    ["33.3%", 1, 3, true],
    ["33.4%", 1, 3, false],
    [0, 0, 5, false],
    [0, 1, 5, true],
    [3, 3, 3, false],
    [3, 4, 1000, true],
  ])("of %s, with %i bad ones of %i, is exceeded: %s", (max, bad, read, isTooMany) => {
    expect(tooManyBadRecords(max, [tally(read, bad)], []) !== undefined).toBe(isTooMany);
    // However they are distributed over tasks.
    const half = [Math.floor(read / 2), Math.floor(bad / 2)] as const;
    const maps = [tally(...half), tally(read - half[0], bad - half[1])];
    expect(tooManyBadRecords(max, maps, []) !== undefined).toBe(isTooMany);
  });

  it("as a share is one of the records, and one of the keys", () => {
    expect(tooManyBadRecords("50%", [tally(100, 50)], [tally(2, 1)])).toBeUndefined();
    expect(tooManyBadRecords("50%", [tally(100, 0)], [tally(3, 2)])).toMatchObject({
      records: { read: 100, bad: 0 },
      keys: { read: 3, bad: 2 },
    });
  });

  it("as a number counts records and keys together, with their counters and the first", () => {
    expect(tooManyBadRecords(3, [tally(100, 2)], [tally(2, 1)])).toBeUndefined();
    const maps = [tally(5, 0), tally(5, 2, "no-text"), { ...tally(5, 1), first: undefined }];
    expect(tooManyBadRecords(3, maps, [tally(2, 1)])).toEqual({
      max: 3,
      records: { read: 15, bad: 3 },
      keys: { read: 2, bad: 1 },
      counters: { "no-text": 2, "skipped-records": 2 },
      first,
    });
  });
});
