// Tests src/main/commands/report.ts.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";

const TSMR = "src/main/tsmr.ts";

let job: Job;
beforeEach(() => {
  job = new Job();
  job.write("in.txt", "a b a");
  job.writeApp(MAP + REDUCE);
});
afterEach(() => job.end());

describe("tsmr report", () => {
  it("writes a page and charts of a job, wherever they are wanted", async () => {
    const run = ["run", "./app.ts", "in.txt", "--out", "out", "--workers", "1", "--report"];
    const { code, stderr } = await job.start(TSMR, run).ended;
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("The report is in out/report.html"),
    ]);
    expect(readFileSync(job.path("out/report.html"), "utf8")).toContain(">app.ts ");

    const chart = await job.start(TSMR, ["report", "out", "--chart", "--out", "c.png"]).ended;
    expect([chart.code, chart.stdout]).toEqual([0, "c.svg\nc.png\n"]);
    expect(readFileSync(job.path("c.svg"), "utf8")).toMatch(/^<svg .*>a<.*<\/svg>\n$/s);
    expect(readFileSync(job.path("c.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("tells of a job that failed, at its end where asked", async () => {
    job.writeApp(`${MAP}export function reduce() { throw new Error("not today"); }`);
    const run = ["run", "./app.ts", "in.txt", "--workers", "1", "--attempts", "1", "--report"];
    expect((await job.start(TSMR, run).ended).code).toBe(1);
    expect(readFileSync(job.path("mr-out/report.html"), "utf8")).toContain("not today");
  });

  it("F49 names the results of a complete job that are lost or spoiled, and draws no chart of the others", async () => {
    const run = ["run", "./app.ts", "in.txt", "--out", "out", "--workers", "1", "--reduces", "3"];
    expect((await job.start(TSMR, run).ended).code).toBe(0);
    rmSync(job.path("out/mr-out-1"));
    job.write("out/mr-out-2", "a 1000\n");
    const report = await job.start(TSMR, ["report", "out"]).ended;
    const chart = await job.start(TSMR, ["report", "out", "--chart"]).ended;
    expect(report).toMatchObject({ code: 1, stdout: "out/report.html\n" });
    expect(chart).toMatchObject({ code: 1, stdout: "" });
    const page = readFileSync(job.path("out/report.html"), "utf8");
    for (const name of ["mr-out-1", "mr-out-2"]) {
      expect(report.stderr).toContain(`${name}" is lost: `);
      expect(page).toContain(name);
    }
    expect(chart.stderr).toMatch(/Cannot draw the result: .*mr-out-1/);
    expect(existsSync(job.path("out/chart.svg"))).toBe(false);
  });

  it("says in one line where there is nothing to report on, and leaves nothing half-written", async () => {
    job.write("a-file", "");
    for (const chart of [[], ["--chart"]]) {
      const say = async (directory: string) => {
        const { code, stderr } = await job.start(TSMR, ["report", directory, ...chart]).ended;
        expect(code).toBe(directory === "." ? 1 : 2);
        return stderr;
      };
      const todo = "name the directory of a job's output, the --out of tsmr run\n";
      expect(await say("nowhere")).toBe(
        `tsmr: No job has run in directory "nowhere": it does not exist; ${todo}`,
      );
      expect(await say(".")).toBe(`tsmr: No job has run in directory "."; ${todo}`);
      expect(await say("a-file")).toBe(
        `tsmr: No job can have run in "a-file": it is not a directory; ${todo}`,
      );
    }
    job.write(
      ".mr-events",
      '{"type":"jobStarted","directory":"d","startedAt":0,"resumed":false,"leaseMs":1,"atMs":0}\n',
    );
    const elsewhere = await job.start(TSMR, ["report", ".", "--out", "no/such/report.html"]).ended;
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      2,
      'tsmr: Cannot write "no/such/report.html": directory "no/such" does not exist (see tsmr report --help)\n',
    ]);
    expect(existsSync(job.path("no"))).toBe(false);
  });
});
