import { beforeEach, describe, expect, it } from "vitest";
import { mrError } from "../support/mr-error.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";
import { makeTweets } from "./tweets.ts";

describe("distinct", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("counts as many values as a set has, in all and by group, over all files", async () => {
    const { tweets, file } = makeTweets(500);
    const [header = "", ...rows] = file.split(/\n(?=\d+,)/);
    for (let part = 0; part < 5; part++) {
      const own = rows.filter((_, index) => index % 5 === part);
      job.write(`tweets-${part}.csv`, [header, ...own].join("\n"));
    }
    const files = [0, 1, 2, 3, 4].map((part) => `tweets-${part}.csv`);
    const authors = new Set(tweets.map(({ author }) => author));
    const customers = new Set(
      tweets.filter(({ inbound }) => inbound === "True").map(({ author }) => author),
    );
    const all = await loadShipped("distinct", { DISTINCT: "author_id" });
    expect(sorted(...(await job.run(all, files)))).toEqual([`all\t${authors.size}`]);
    const byGroup = await loadShipped("distinct", {
      DISTINCT: "author_id",
      DISTINCT_PER: "inbound",
    });
    expect(sorted(...(await job.run(byGroup, files)))).toEqual([
      "False\t2",
      `True\t${customers.size}`,
    ]);
    expect(customers.size).toBe(authors.size - 2);
  });

  it("counts what sort -u counts when the values do not fit in memory", async () => {
    const rows = Array.from({ length: 60_000 }, (_, row) => `user-${(row * 7919) % 41_000}\n`);
    job.write("visits.csv", `user\n${rows.join("")}`);
    const app = await loadShipped("distinct", { DISTINCT: "user" });
    const outputs = await job.run(app, ["visits.csv"], { memoryBytes: 60 * 2 ** 20, fanIn: 2 });
    expect(outputs.join("")).toBe(
      `all\t${job.shell("tail -n +2 visits.csv | sort -u | wc -l").trim()}\n`,
    );
  });

  it("gives one line a group, whatever is in its name", async () => {
    job.write("d.csv", 'per,v\n"a\nb",1\n"a",2\n"a\tb",3\n"",4\n');
    const app = await loadShipped("distinct", { DISTINCT: "v", DISTINCT_PER: "per" });
    const lines = sorted(...(await job.run(app, ["d.csv"])));
    expect(lines).toEqual(["\t1", "a\t1", "a\\nb\t1", "a\\tb\t1"]);
  });

  it("gives 0 for all where there are no rows, and no line by group", async () => {
    job.write("a.csv", "id,city\n");
    job.write("b.csv", "");
    const all = await loadShipped("distinct", { DISTINCT: "city" });
    expect(sorted(...(await job.run(all, ["a.csv", "b.csv"])))).toEqual(["all\t0"]);
    job.write("b.csv", `id,city\n${"1,Oslo\n2,\n".repeat(2000)}`);
    expect(sorted(...(await job.run(all, ["a.csv", "b.csv"])))).toEqual(["all\t2"]);
    const byGroup = await loadShipped("distinct", { DISTINCT: "city", DISTINCT_PER: "id" });
    expect(sorted(...(await job.run(byGroup, ["a.csv"])))).toEqual([]);
  });

  it("asks for a column, and for another one to count it for", async () => {
    await expect(
      loadShipped("distinct", { DISTINCT: "name", DISTINCT_PER: "name" }),
    ).rejects.toMatchObject({
      name: "UsageError",
      message: 'DISTINCT and DISTINCT_PER are the same column, "name"',
    });
    await expect(loadShipped("distinct")).rejects.toThrow(
      mrError("USAGE", "Set DISTINCT to the name of a column"),
    );
  });
});
