import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

const SETTINGS = { GROUP_BY: "country", GROUP_BY_FIELD: "amount" };

describe("group_by", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });
  afterEach(() => job.close());

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
        mean: Number((total / 100 / cents.length).toPrecision(12)),
      };
      return JSON.stringify({ key, value });
    });
    const app = await loadShipped("group_by", SETTINGS);
    for (const splitBytes of [1_000_000, 5000, 500]) {
      const outputs = await job.run(app, ["sales.jsonl"], { splitBytes });
      expect(sorted(...outputs)).toEqual(sorted(...expected));
    }
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
    expect(groups).toEqual(["7", "no", "true"]);
    expect(job.counters).toEqual({ "left-out-records": 5 });
  });

  it("asks for both names", async () => {
    await expect(loadShipped("group_by", { GROUP_BY: "country" })).rejects.toThrow(
      "Set GROUP_BY and GROUP_BY_FIELD to the names of two members",
    );
  });
});
