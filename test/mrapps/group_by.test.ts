import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { mrError } from "../support/mr-error.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

const SETTINGS = { GROUP_BY: "country", GROUP_BY_FIELD: "amount" };

describe("group_by", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("gives what exact arithmetic in cents gives, the same for any splits", async () => {
    const random = new Random(9);
    const groups = new Map<string, number[]>();
    const lines = Array.from({ length: 3000 }, (_, order) => {
      const country = random.pick(["no", "de", "fr", "côte d’ivoire"]) ?? "";
      const cents = random.whole(-500, 1_000_000);
      groups.set(country, [...(groups.get(country) ?? []), cents]);
      return JSON.stringify({ order, amount: cents / 100, country });
    });
    job.write("sales.jsonl", lines.join("\n"));
    const expected = Array.from(groups, ([key, cents]) => {
      const total = cents.reduce((sum, amount) => sum + amount, 0);
      const value = {
        count: cents.length,
        sum: total / 100,
        min: Math.min(...cents) / 100,
        max: Math.max(...cents) / 100,
        mean: Number((total / 100 / cents.length).toPrecision(15)),
      };
      return JSON.stringify({ key, value });
    });
    const app = await loadShipped("group_by", SETTINGS);
    for (const splitBytes of [1_000_000, 5000, 500]) {
      const outputs = await job.run(app, ["sales.jsonl"], { splitBytes });
      expect(sorted(...outputs)).toEqual(sorted(...expected));
    }
  });

  it("adds integers exactly, up to the greatest that a number holds, for any splits", async () => {
    const random = new Random(11);
    const groups = new Map<string, bigint[]>();
    const lines = Array.from({ length: 2000 }, (_, order) => {
      // Of both signs, so that sums on the way are far greater than the last one.
      const sign = order % 2 === 0 ? 1 : -1;
      const country = random.pick(["no", "de", "fr"]) ?? "";
      const amount = sign * random.whole(0, Number.MAX_SAFE_INTEGER);
      groups.set(country, [...(groups.get(country) ?? []), BigInt(amount)]);
      return { order, amount, country };
    });
    // What is left of them is taken away, until the sum of each group is small again.
    for (const [country, amounts] of groups) {
      let rest = amounts.reduce((sum, amount) => sum + amount, 0n) - 1_234_567_890_123n;
      while (rest !== 0n) {
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        const part = rest > most ? most : rest < -most ? -most : rest;
        rest -= part;
        amounts.push(-part);
        lines.push({ order: lines.length, amount: Number(-part), country });
      }
    }
    lines.push({ order: lines.length, amount: Number.MAX_SAFE_INTEGER, country: "at" });
    groups.set("at", [BigInt(Number.MAX_SAFE_INTEGER)]);
    job.write("sales.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    const expected = sorted(
      ...Array.from(groups, ([key, amounts]) => {
        return `${key} ${amounts.reduce((sum, amount) => sum + amount, 0n)}`;
      }),
    );
    const app = await loadShipped("group_by", SETTINGS);
    for (const splitBytes of [1_000_000, 5000, 500]) {
      const outputs = await job.run(app, ["sales.jsonl"], { splitBytes });
      const sums = sorted(...outputs).map((line) => JSON.parse(line));
      expect(sorted(...sums.map(({ key, value }) => `${key} ${value.sum}`))).toEqual(expected);
    }
  });

  it("gives sums and means of integers as they are, and rounds those with fractions", async () => {
    const of = (key: string, amounts: readonly number[]) => {
      return amounts.map((amount) => JSON.stringify({ country: key, amount }));
    };
    const records = [
      ...of("one", [1234567890123]),
      ...of("half", [1234567890123, 1234567890124]),
      ...of("tenths", [0.1, 0.2]),
      ...of("third", [0, 0, 1]),
      ...of("tiny", [1e-300, 2e-300]),
    ];
    job.write("sales.jsonl", records.join("\n"));
    const outputs = await job.run(await loadShipped("group_by", SETTINGS), ["sales.jsonl"]);
    const groups = sorted(...outputs).map((line) => JSON.parse(line));
    expect(groups.map(({ key, value: { sum, mean } }) => [key, sum, mean])).toEqual([
      ["half", 2469135780247, 1234567890123.5],
      ["one", 1234567890123, 1234567890123],
      ["tenths", 0.3, 0.15],
      ["third", 1, 0.333333333333333],
      ["tiny", 3e-300, 1.5e-300],
    ]);
  });

  it("gives the same for any splits of numbers that differ in size by far", async () => {
    const random = new Random(12);
    const lines = Array.from({ length: 400 }, () => {
      const amount = (random.whole(-1000, 1000) + 0.1) * 10 ** random.whole(-30, 30);
      return JSON.stringify({ country: random.pick(["no", "de"]), amount });
    });
    // The great ones are taken away again, so that the small ones are what is left.
    const amounts = lines.map((line) => JSON.parse(line));
    const negated = amounts.map(({ country, amount }) => {
      return Math.abs(amount) < 1e-20 ? "" : JSON.stringify({ country, amount: -amount });
    });
    job.write("sales.jsonl", [...lines, ...negated.filter((line) => line !== "")].join("\n"));
    const app = await loadShipped("group_by", SETTINGS);
    const whole = await job.run(app, ["sales.jsonl"], { splitBytes: 1_000_000 });
    for (const splitBytes of [5000, 500, 100]) {
      expect(await job.run(app, ["sales.jsonl"], { splitBytes })).toEqual(whole);
    }
    for (const line of sorted(...whole)) {
      expect(Math.abs(JSON.parse(line).value.sum)).toBeLessThan(1e-14);
    }
  });

  it("adds numbers whose sum on the way is greater than any number", async () => {
    const of = (country: string, amounts: readonly number[]) => {
      return amounts.map((amount) => JSON.stringify({ country, amount }));
    };
    const random = new Random(13);
    const great = Array.from({ length: 200 }, () => random.whole(1, 17) * 1e307);
    const records = [
      ...of("three", [1e308, 1e308, -1e308]),
      ...of("small", [1e308, 5, 1e308, 1e-300, -1e308, -1e308, -5]),
      ...of("all", [...great, ...great.map((amount) => -amount), 0.25]),
      ...of("most", [Number.MAX_VALUE, 1, Number.MAX_VALUE, -Number.MAX_VALUE]),
      ...of("beyond", [1e308, 1e308]),
    ];
    job.write("sales.jsonl", records.join("\n"));
    const app = await loadShipped("group_by", SETTINGS);
    for (const splitBytes of [1_000_000, 1000, 40]) {
      const outputs = await job.run(app, ["sales.jsonl"], { splitBytes });
      const groups = sorted(...outputs).map((line) => JSON.parse(line));
      expect(groups.map(({ key, value: { sum, mean } }) => [key, sum, mean])).toEqual([
        ["all", 0.25, Number((0.25 / 401).toPrecision(15))],
        ["beyond", null, null],
        ["most", Number.MAX_VALUE, Number((Number.MAX_VALUE / 4).toPrecision(15))],
        ["small", 1e-300, Number((1e-300 / 7).toPrecision(15))],
        ["three", 1e308, Number((1e308 / 3).toPrecision(15))],
      ]);
    }
  });

  it("keeps numbers and truth values apart from texts that look like them", async () => {
    const groups = ["1", 1, 1.0, "true", true, "", "a\nb", "null"];
    const records = groups.map((country) => JSON.stringify({ country, amount: 1 }));
    job.write("sales.jsonl", records.join("\n"));
    const outputs = await job.run(await loadShipped("group_by", SETTINGS), ["sales.jsonl"]);
    const lines = sorted(...outputs).map((line) => JSON.parse(line));
    const counted = lines.map(({ key, value }) => [key, value.count]);
    expect(counted).toEqual([
      ["", 1],
      ["1", 1],
      ["a\nb", 1],
      ["null", 1],
      ["true", 1],
      [1, 2],
      [true, 1],
    ]);
  });

  it("leaves out and counts records that lack one of the two", async () => {
    const records = [
      '{"country":"no","amount":1}',
      '{"country":7,"amount":1e3}',
      '{"country":true,"amount":-1}',
      '{"country":null,"amount":1}',
      '{"country":"no","amount":"1"}',
      '{"country":"no"}',
      "null",
      "[1]",
    ];
    job.write("sales.jsonl", records.join("\n"));
    const outputs = await job.run(await loadShipped("group_by", SETTINGS), ["sales.jsonl"]);
    const groups = sorted(...outputs).map((line) => JSON.parse(line).key);
    expect(groups).toEqual(["no", 7, true]);
    expect(job.counters).toEqual({ "left-out-records": 5 });
  });

  it("asks for both names", async () => {
    await expect(loadShipped("group_by", { GROUP_BY: "country" })).rejects.toThrow(
      mrError("USAGE", "Set GROUP_BY and GROUP_BY_FIELD to the names of two members"),
    );
  });
});
