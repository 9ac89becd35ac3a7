// Tests scripts/bench: measuring, judging and reporting, on small inputs.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  atMost,
  atMostInTimeAndMemory,
  memoryAtMost,
  type SideResult,
  timesFaster,
} from "../../../scripts/bench/benchmark.ts";
import { problemOfBuild } from "../../../scripts/bench/built-command.ts";
import { checkSorted, WrongResultError } from "../../../scripts/bench/check-results.ts";
import { realText } from "../../../scripts/bench/inputs/real-text.ts";
import { sortRecords } from "../../../scripts/bench/inputs/sort-records.ts";
import { measure } from "../../../scripts/bench/measure.ts";
import { formatTable } from "../../../scripts/bench/report.ts";
import type { Row } from "../../../scripts/bench/run-benchmark.ts";
import { median } from "../../../scripts/bench/statistics.ts";
import { sleep } from "../../support/job.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const scratch = temporaryDirectory();

function side(medianSeconds: number, peakBytes?: number): SideResult {
  return { label: "side", seconds: [medianSeconds], medianSeconds, peakBytes };
}

describe("figures", () => {
  it("takes the middle of an odd number of times, and the mean of two of an even number", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  it("judges a ratio against its limit, the limit itself being met", () => {
    expect(atMost(0.75)(side(1.5), side(2))).toMatchObject({ ratio: 0.75, met: true });
    expect(atMost(0.75)(side(1.6), side(2))).toMatchObject({ figure: "0.80 ×", met: false });
  });

  it("judges a speed-up the other way round", () => {
    expect(timesFaster(1.8)(side(1), side(1.9))).toMatchObject({ ratio: 1.9, met: true });
    expect(timesFaster(1.8)(side(1), side(1.7))).toMatchObject({ met: false });
  });

  it("judges time and memory together, and never takes unmeasured memory for met", () => {
    const judge = atMostInTimeAndMemory(10.5, 1.1);
    expect(judge(side(10, 110), side(1, 100))).toMatchObject({ memoryRatio: 1.1, met: true });
    expect(judge(side(10, 120), side(1, 100))).toMatchObject({ met: false });
    expect(judge(side(11, 100), side(1, 100))).toMatchObject({ met: false });
    expect(judge(side(10), side(1))).toMatchObject({ met: false });
    expect(memoryAtMost(100)(side(1, 100), undefined).met).toBe(true);
    expect(memoryAtMost(100)(side(1), undefined).met).toBe(false);
  });
});

describe("table", () => {
  const row: Row = {
    name: "P6",
    work: "sort",
    target: "≤ 0.8 ×",
    rounds: 3,
    ours: side(12.34, 200 * 2 ** 20),
    theirs: { ...side(16), label: "GNU sort" },
    forTheRecord: [],
    verdict: { figure: "0.77 ×", ratio: 0.77, met: true },
    note: "P6 ran smaller",
  };

  it("prints one aligned line a row, with the notes below", () => {
    expect(formatTable([row], { quick: false }).split("\n")).toEqual([
      "|     | work | ours            | theirs           | ratio  | target  | met |",
      "| --- | ---- | --------------- | ---------------- | ------ | ------- | --- |",
      "| P6  | sort | 12.3 s, 200 MiB | GNU sort: 16.0 s | 0.77 × | ≤ 0.8 × | yes |",
      "",
      "P6 ran smaller",
      "",
    ]);
  });

  it("judges nothing of a quick run", () => {
    expect(formatTable([row], { quick: true })).toContain("| –   |");
  });
});

describe("data", () => {
  it("makes the same text twice, keeps it, and makes it anew when a file is cut short", async () => {
    const size = { files: 2, fileBytes: 20e3 };
    const first = await realText(join(scratch, "a"), "text", size);
    const second = await realText(join(scratch, "b"), "text", size);
    expect(second.facts).toEqual(first.facts);
    expect(first.bytes).toBeGreaterThanOrEqual(40e3);
    const path = first.files[1] ?? "";
    const whole = readFileSync(path, "utf8");
    expect(Math.max(...whole.split("\n").map((line) => line.length))).toBeLessThanOrEqual(72);
    writeFileSync(path, whole.slice(1));
    await realText(join(scratch, "a"), "text", size);
    expect(readFileSync(path, "utf8")).toBe(whole);
  });

  it("makes sort records of 100 bytes whose checksum the sorted files must have", async () => {
    const records = await sortRecords(scratch, "records", { files: 2, fileBytes: 1000 });
    const lines = records.files.flatMap((file) =>
      readFileSync(file, "utf8").split("\n").slice(0, -1),
    );
    expect(lines.map((line) => line.length)).toEqual(Array.from({ length: 20 }, () => 99));
    expect(lines.every((line) => /^[!-~]{10} \d{16}[A-Z]{72}$/.test(line))).toBe(true);
    lines.sort();
    const check = (text: string[]) => {
      writeFileSync(join(scratch, "sorted"), `${text.join("\n")}\n`);
      return checkSorted([join(scratch, "sorted")], records);
    };
    await check(lines);
    const [first = "", second = "", ...rest] = lines;
    await expect(check([second, first, ...rest])).rejects.toThrow(/line 2 is out of order/);
    await expect(check([first, ...rest])).rejects.toThrow(/19 lines, not 20/);
    await expect(check([first, `${second.slice(0, -1)}~`, ...rest])).rejects.toThrow(/checksum/);
    await expect(check([first, first, ...rest])).rejects.toThrow(WrongResultError);
  });
});

describe("measuring", () => {
  it("fails with the program's own words when it does not end well", async () => {
    const program = "console.error('no such thing'); process.exit(3)";
    await expect(
      measure({ program: process.execPath, arguments: ["-e", program] }),
    ).rejects.toThrow(/ended with code 3: no such thing/);
    await expect(measure({ program: join(scratch, "none"), arguments: [] })).rejects.toThrow(
      /Cannot start/,
    );
  });

  it.runIf(process.platform === "linux")(
    "sees the memory of a grandchild (needs Linux)",
    async () => {
      const [held, seen] = [join(scratch, "held"), join(scratch, "seen")];
      const hold = `const held = Buffer.alloc(150e6, 1);
      const { existsSync, writeFileSync } = require('fs');
      writeFileSync(${JSON.stringify(held)}, '');
      setInterval(() => { if (existsSync(${JSON.stringify(seen)})) process.exit(held[0] - 1) }, 20)`;
      const program = `require('child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(hold)}])`;
      const measuring = measure(
        { program: process.execPath, arguments: ["-e", program] },
        { memory: true },
      );
      while (!existsSync(held)) await sleep(20);
      // It is looked at ten times a second, and in this process: whatever holds up one holds up the other.
      for (let look = 0; look < 3; look++) await sleep(200);
      writeFileSync(seen, "");
      const measured = await measuring;
      expect(measured.peakBytes).toBeGreaterThan(150e6);
    },
  );
});

describe("the build that is timed", () => {
  const [program, sources] = [join(scratch, "dist.js"), join(scratch, "src")];
  const write = (path: string, second: number) => {
    writeFileSync(path, "");
    utimesSync(path, second, second);
  };

  it("must be there, and not be older than any of its sources, however deep", () => {
    mkdirSync(join(sources, "deep", "down"), { recursive: true });
    write(join(sources, "a.ts"), 100);
    write(join(sources, "deep", "down", "b.wasm"), 200);
    const todo = "run `npm run build` first";
    expect(problemOfBuild(program, sources)).toBe(
      `Cannot time the built command "${program}", which does not exist: ${todo}`,
    );
    write(program, 199);
    expect(problemOfBuild(program, sources)).toBe(
      `Cannot time the built command "${program}", which is older than "${join(sources, "deep/down/b.wasm")}": ${todo}`,
    );
    write(program, 200);
    expect(problemOfBuild(program, sources)).toBeUndefined();
    // That what was made elsewhere is up to date is for those to know who made it.
    write(program, 1);
    expect(problemOfBuild(program, undefined)).toBeUndefined();
  });
});

describe("the whole suite, with a stand-in for tsmr", () => {
  const bench = fileURLToPath(new URL("../../../scripts/bench/bench.ts", import.meta.url));
  const standIn = fileURLToPath(new URL("stand-in.mjs", import.meta.url));

  function runBench(
    names: string[],
    fault = "",
    program = standIn,
  ): { status: number | null; text: string } {
    const run = spawnSync(
      process.execPath,
      [
        ...["--import", "tsx", bench, ...names, "--quick", "--tsmr", program],
        ...["--data", join(scratch, "data"), "--json", join(scratch, "bench.json")],
      ],
      { encoding: "utf8", env: { ...process.env, TSMR_STAND_IN_FAULT: fault } },
    );
    return { status: run.status, text: run.stdout + run.stderr };
  }

  it("P1 to P9 run in one go and are written as JSON", () => {
    const { status, text } = runBench([]);
    expect(text).toMatch(
      /\| P1 .*\n\| P2 .*\n\| P3 .*\n\| P4 .*\n\| P5 .*\n\| P6 .*\n\| P7 .*\n\| P8 .*\n\| P9 .* decisions\/s; .* requests\/s, p99 /,
    );
    expect(status).toBe(0);
    const report = JSON.parse(readFileSync(join(scratch, "bench.json"), "utf8"));
    expect(report.rows.map((row: Row) => row.name).join(" ")).toBe("P1 P2 P3 P4 P5 P6 P7 P8 P9");
    expect(report.machine.node).toBe(process.version);
  }, 600_000);

  it("a result with one line missing fails each row, by name", () => {
    const { status, text } = runBench(["p1", "P6", "P7", "P8"], "drop");
    expect(status).toBe(1);
    for (const name of ["P1", "P6", "P7", "P8"]) {
      expect(text).toContain(`Wrong result of ${name}, tsmr`);
    }
  }, 600_000);

  it("refuses a build that is not there, in one line", () => {
    const missing = join(scratch, "missing.js");
    const { status, text } = runBench(["P1"], "", missing);
    expect(status).toBe(1);
    expect(text).toMatch(
      /^Cannot time the built command ".*missing\.js", which does not exist: .*\n$/,
    );
  });

  it("refuses a row that does not exist, naming those that do", () => {
    const { status, text } = runBench(["P10"]);
    expect(status).toBe(1);
    expect(text).toContain("P1, P2, P3, P4, P5, P6, P7, P8, P9");
  });
});
