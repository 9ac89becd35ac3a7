// Tests src/main/commands/report.ts: the check of its request.

import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkReportRequest, type ReportOptions } from "../../src/main/commands/report.ts";
import { mrError } from "../support/mr-error.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
const before = process.cwd();
beforeAll(() => {
  home = temporaryDirectory();
  process.chdir(home);
  for (const name of ["out", "other", "empty"]) mkdirSync(name);
  for (const name of ["out/.mr-events", "other/.mr-events", "out/mr-out-0"])
    writeFileSync(name, "");
});
afterAll(() => {
  process.chdir(before);
});

const chart = true;
const NOT_IN_IT = "name the directory of the job, not a file in it";

describe("what tsmr report is asked for", () => {
  it.each<[words: string[], options: ReportOptions, answer: string]>([
    [["out", "c.png"], { chart }, "--out names the file: tsmr report out --chart --out c.png"],
    [["c.png", "out"], { chart }, "--out names the file: tsmr report out --chart --out c.png"],
    [["out", "my page"], {}, "--out names the file: tsmr report out --out 'my page'"],
    [["c.png"], { chart }, "--out names the file: tsmr report --chart --out c.png"],
    [["page.html"], {}, "--out names the file: tsmr report --out page.html"],
    [["out", "other"], {}, "a report is of one job: name its directory alone"],
    [["nowhere", "c.png"], { chart }, "a report is of one job: name its directory alone"],
    [["out", "c.png"], { chart, out: "d.png" }, "a report is of one job: name its directory alone"],
    [["out/mr-out-0", "out/mr-out-1", "x"], {}, "a report is of one job: name its directory alone"],
    [["out/mr-out-0"], {}, `${NOT_IN_IT}: tsmr report out`],
    [["out/report.html"], {}, `${NOT_IN_IT}: tsmr report out`],
    [["out/c.png"], { chart }, `${NOT_IN_IT}: tsmr report out --chart`],
    [["out"], { out: "out" }, "--out names a file, not a directory: --out out/report.html"],
    [
      ["out"],
      { out: "nowhere/" },
      "--out names a file, not a directory: --out nowhere/report.html",
    ],
    [
      ["out"],
      { out: "empty/", chart },
      "--out names a file, not a directory: --out empty/chart.png",
    ],
    [["out"], { out: ".", chart }, "--out names a file, not a directory: --out chart.png"],
    [["out"], { out: "empty/.png", chart }, '--out names no file: "empty/.png"'],
    [["out"], { out: "" }, '--out names no file: ""'],
    [
      ["out"],
      { out: "out/mr-out-0/x" },
      'Cannot write "out/mr-out-0/x": "out/mr-out-0" is not a directory',
    ],
    [
      ["out"],
      { out: "nowhere/x.png", chart },
      'Cannot write "nowhere/x.png": directory "nowhere" does not exist',
    ],
    [
      ["out"],
      { out: "c.PNG" },
      'a report is written as .html, not to "c.PNG"; for a chart, add --chart',
    ],
    [["out"], { out: "page.pdf" }, 'a report is written as .html, not to "page.pdf"'],
    [["out"], { out: "c.html", chart }, 'a chart is written as .svg and .png, not to "c.html"'],
  ])("%j with %j is wrong, and the answer says what is right", (words, options, answer) => {
    const ask = () => checkReportRequest(words, options);
    expect(ask).toThrow(mrError("USAGE", `${answer} (see tsmr report --help)`));
  });

  it.each<[words: string[], options: ReportOptions]>([
    [["out"], {}],
    [["out"], { chart }],
    [["out"], { out: "page.html" }],
    [["out"], { out: "empty/page" }],
    [["out"], { out: "out.png", chart }],
    [["out"], { out: "chart", chart }],
    // What is missing there is said by whoever looks into it.
    [["nowhere"], {}],
    [["empty"], { chart }],
  ])("%j with %j is taken as it is", (words, options) => {
    expect(() => checkReportRequest(words, options)).not.toThrow();
  });
});
