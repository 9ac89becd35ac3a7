import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { runOracle } from "../support/oracle.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

describe("join", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("gives what the join command gives, with repeated and lonely rows on both sides", async () => {
    const random = new Random(2);
    const users = Array.from(
      { length: 300 },
      (_, id) => `u${id % 280},name ${id},${random.pick(["no", "de"])}`,
    );
    const orders = Array.from(
      { length: 900 },
      (_, id) => `${id},u${random.whole(0, 350)},${random.whole(1, 9999)}`,
    );
    job.write("users.csv", `${["user_id,name,country", ...users].join("\n")}\n`);
    for (const part of [0, 1, 2]) {
      const own = orders.filter((_, index) => index % 3 === part);
      job.write(`orders-${part}.csv`, `${["order_id,user_id,amount", ...own].join("\n")}\n`);
    }
    const outputs = await job.run(await loadShipped("join"), [
      "orders-0.csv",
      "users.csv",
      "orders-1.csv",
      "orders-2.csv",
    ]);
    job.shell("tail -n +2 users.csv | sort -t, -k1,1 > left");
    job.shell("tail -qn +2 orders-*.csv | sort -t, -k2,2 > right");
    const joined = job.shell("join -t, -1 1 -2 2 left right | tr , '\\t'");
    expect(sorted(...outputs)).toEqual(sorted(joined));
    expect(job.counters).toEqual({
      "left-rows": users.length,
      "left-without-right": sorted(job.shell("join -t, -1 1 -2 2 -v 1 left right")).length,
      "right-without-left": sorted(job.shell("join -t, -1 1 -2 2 -v 2 left right")).length,
    });
    expect(Math.min(...Object.values(job.counters))).toBeGreaterThan(0);
  });

  it("joins other tables on another column, and keeps each side in its order", async () => {
    job.write("a/countries.csv", 'code,name\nno,"Norway, Kingdom of"\n');
    job.write("cities.csv", "city,code\nOslo,no\nBergen,no\n");
    const app = await loadShipped("join", { JOIN: "code", JOIN_LEFT: "countries.csv" });
    const outputs = await job.run(app, ["cities.csv", "a/countries.csv"]);
    expect(outputs.join("")).toBe("no\tNorway, Kingdom of\tOslo\nno\tNorway, Kingdom of\tBergen\n");
  });

  it("keeps the columns in the order of the header, those with a number for a name too", async () => {
    job.write("users.csv", "name,user_id,2019,b\nAnn,7,x19,bb\n");
    job.write("orders.csv", "z,user_id,1,0\nzz,7,one,zero\n");
    const outputs = await job.run(await loadShipped("join"), ["users.csv", "orders.csv"]);
    expect(outputs.join("")).toBe("7\tAnn\tx19\tbb\tzz\tone\tzero\n");
  });

  it.each(["./users.csv", "a/users.csv", "./b/../a//users.csv", "users.csv"])(
    "takes the left table by its path or its name: %s",
    async (left) => {
      job.write("a/users.csv", "user_id,name\n7,Ann\n");
      job.write("a/other-users.csv", "user_id,x\n7,no\n");
      const app = await loadShipped("join", { JOIN_LEFT: left });
      const directory = left === "./users.csv" ? "" : "a/";
      job.write(`${directory}users.csv`, "user_id,name\n7,Ann\n");
      const files = [`./${directory}users.csv`, "a/other-users.csv"];
      expect((await job.run(app, files)).join("")).toBe("7\tAnn\tno\n");
    },
  );

  it("refuses a JOIN_LEFT that no input is called, even if there are no rows, and names the inputs", async () => {
    job.write("users.csv", "user_id,name\n7,Ann\n");
    job.write("empty.csv", "");
    const app = await loadShipped("join", { JOIN_LEFT: "usrs.csv" });
    const message =
      'Set JOIN_LEFT to the left table: no input is "usrs.csv" (the inputs are "users.csv", "empty.csv")';
    const refused = { code: "USAGE", message };
    await expect(job.run(app, ["users.csv", "empty.csv"])).rejects.toMatchObject(refused);
    await expect(runOracle(app, ["users.csv", "empty.csv"], job.directory)).rejects.toMatchObject(
      refused,
    );
    await expect(job.run(app, ["empty.csv"])).rejects.toMatchObject({ code: "USAGE" });
  });

  it("joins with a left table that is empty", async () => {
    job.write("users.csv", "");
    job.write("orders.csv", "order_id,user_id\n1,7\n");
    const outputs = await job.run(await loadShipped("join"), ["users.csv", "orders.csv"]);
    expect(outputs.join("")).toBe("");
    expect(job.counters).toEqual({ "left-rows": 0, "right-without-left": 1 });
  });

  it("refuses a table without the column", async () => {
    job.write("users.csv", "id,name\n1,Ann\n");
    await expect(job.run(await loadShipped("join"), ["users.csv"])).rejects.toMatchObject({
      name: "UsageError",
      message: 'Cannot join "users.csv": it has no column "user_id" ("id", "name")',
    });
  });
});
