// Tests reports of a job directory that other users may write into.

import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { EVENT_LOG_NAME } from "../../../src/mr/job/names.ts";
import { readHistory } from "../../../src/mr/watch/history/job-history.ts";
import { surveyOutput } from "../../../src/mr/watch/report/output-survey.ts";
import { writeChart, writeReport } from "../../../src/mr/watch/report/write-report.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const EVENTS =
  '{"type":"jobStarted","directory":"d","startedAt":0,"resumed":false,"leaseMs":1,"atMs":0}\n';

let directory: string;
const pathOf = (name: string) => join(directory, name);

beforeEach(() => {
  directory = temporaryDirectory();
  writeFileSync(pathOf(EVENT_LOG_NAME), EVENTS);
  writeFileSync(pathOf("mr-out-0"), "x 2\ny 1\n");
  writeFileSync(pathOf("precious"), "precious 9\n");
});

/** Puts a link, a link that leads nowhere, and a FIFO in the place of a file, one after the other. */
async function forEachPlanted(name: string, check: () => Promise<void>): Promise<void> {
  const plants = [
    () => symlinkSync("precious", pathOf(name)),
    () => symlinkSync("none", pathOf(name)),
    () => void execFileSync("mkfifo", [pathOf(name)]),
  ];
  for (const plant of plants) {
    rmSync(pathOf(name), { force: true });
    plant();
    await check();
    expect(readFileSync(pathOf("precious"), "utf8")).toBe("precious 9\n");
    expect(existsSync(pathOf("none"))).toBe(false);
  }
}

describe("F35: a link or a FIFO of another user", () => {
  it("F35: is replaced by the report and the chart of a job", async () => {
    await forEachPlanted("report.html", async () => {
      expect((await writeReport(directory)).files).toEqual([pathOf("report.html")]);
      expect(lstatSync(pathOf("report.html")).isFile()).toBe(true);
    });
    await forEachPlanted("chart.svg", async () => {
      await writeChart(directory);
      expect(lstatSync(pathOf("chart.svg")).isFile()).toBe(true);
    });
  });

  it("F35: is not read as the event log", async () => {
    await forEachPlanted(EVENT_LOG_NAME, async () => {
      const error = mrError("HISTORY_UNREADABLE", /symbolic link|not a regular file/);
      await expect(readHistory(directory)).rejects.toThrow(error);
    });
  });

  it("F35: is not read as a result", async () => {
    await forEachPlanted("mr-out-1", async () => {
      const { lines, problems } = await surveyOutput(directory);
      expect(lines).toBe(2);
      expect(problems).toEqual([expect.stringMatching(/mr-out-1.*(link|not a regular file)/)]);
    });
  });
});
