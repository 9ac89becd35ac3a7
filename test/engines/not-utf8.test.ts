// Tests that every engine says which files of a classic app are not UTF-8.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { MAP, REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";

const LATIN1 = Buffer.from("caf\xe9 caf\xe8", "latin1");
const REASON =
  "the byte 0xe9 is not UTF-8; U+FFFD stands for such bytes, which can make different keys equal";

let job: Job;
beforeEach(() => {
  job = new Job();
  job.write("app.ts", MAP + REDUCE);
  job.write("a", "plain é \ufffd");
  job.write("b", LATIN1);
  job.write("c", Buffer.from("\ufeffcaf\xe9", "utf16le"));
});
afterEach(() => job.end());

describe.each(["local", "sequential"] as const)("the %s engine", (engine) => {
  it("F18 counts and lists the files of a classic app that are not UTF-8", {
    timeout: 120_000,
  }, async () => {
    const lines: string[] = [];
    const { counters, outputs, skipped } = await runJob({
      ...{ engine, workers: 1, reduces: 1, check: false, maxBadRecords: 0 },
      ...{ app: job.path("app.ts"), inputs: ["a", "b", "c"].map((name) => job.path(name)) },
      ...{ out: job.path("out"), log: (line: string) => lines.push(line) },
    });
    expect(counters).toEqual({ "files-not-utf8": 1 });
    expect(skipped).toEqual([]);
    expect(lines.filter((line) => line.includes("UTF-8"))).toEqual([
      `Not UTF-8: ${job.path("b")} byte 3: ${REASON}`,
    ]);
    // Two words have become one key, which is what the line is about.
    expect(outputs.map((path) => readFileSync(path, "utf8"))).toEqual([
      "café 1\ncaf\ufffd 2\nplain 1\né 1\n\ufffd 1\n",
    ]);
  });
});

/** What apps do with lines, and whether different bytes become equal by it. */
const USES = [
  ["words of a slice", "for (const word of words(line)) emit(word, 1);", true],
  ["strings", "emit(line.toString(), 1);", true],
  ["words of strings", "for (const word of words(line.toString())) emit(word, 1);", true],
  ["strings of the bytes", "emit(line.view().toString(), 1);", true],
  ["strings of a TextDecoder", "emit(new TextDecoder().decode(line.view()), 1);", true],
  [
    "words of strings of the bytes",
    "for (const word of words(line.view().toString())) emit(word, 1);",
    true,
  ],
  ["slices", "emit(line, 1);", false],
  ["strings in Latin-1", 'emit(line.view().toString("latin1"), 1);', false],
] as const;

describe.each(["local", "sequential"] as const)("the %s engine, records", (engine) => {
  it.each(USES)(
    "F18 lists files that are not UTF-8 when the app makes %s of them",
    { timeout: 120_000 },
    async (_, use, isLoss) => {
      const library = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);
      job.write(
        "app.ts",
        `import { defineApp, lines, words } from ${library};
        export default defineApp({ input: lines(), map(line, emit: (key: unknown, value: number) => void) { ${use} }, reduce: () => 1 });`,
      );
      const lines: string[] = [];
      const { counters } = await runJob({
        ...{ engine, workers: 1, reduces: 1, check: false },
        ...{ app: job.path("app.ts"), inputs: ["a", "b"].map((name) => job.path(name)) },
        ...{ out: job.path("out"), log: (line: string) => lines.push(line) },
      });
      expect(counters).toEqual(isLoss ? { "files-not-utf8": 1 } : {});
      const reason =
        "the byte 0xe9 is not UTF-8; such bytes end a word, and become U+FFFD in a string, which can make different keys equal";
      expect(lines.filter((line) => line.includes("UTF-8"))).toEqual(
        isLoss ? [`Not UTF-8: ${job.path("b")} from byte 0 on: ${reason}`] : [],
      );
    },
  );
});

/** Readers that decode bytes themselves, and whether the app may lose some. */
const READERS = [
  [
    "strings of its own decoder",
    "const decoder = new TextDecoder(); for await (const c of chunks) yield decoder.decode(c);",
    "{}",
    true,
  ],
  ["byte slices", "for await (const c of chunks) yield new ByteSlice(c);", "{}", false],
  [
    "words of a text",
    "const decoder = new TextDecoder(); for await (const c of chunks) yield* decoder.decode(c).match(/\\p{L}+/gu);",
    '{ encoding: "utf-8" }',
    true,
  ],
] as const;

describe.each(["local", "sequential"] as const)("the %s engine, other readers", (engine) => {
  it.each(READERS)(
    "F18 lists files that are not UTF-8 when a reader makes %s",
    { timeout: 120_000 },
    async (_, read, options, isLoss) => {
      const library = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);
      job.write(
        "app.ts",
        `import { ByteSlice, defineApp, recordsFrom } from ${library};
        const input = recordsFrom<string | ByteSlice>("own", async function* ({ chunks }) { ${read} }, ${options});
        export default defineApp({ input, map(record, emit: (key: string | ByteSlice, value: number) => void) { emit(record, 1); }, reduce: () => 1 });`,
      );
      const lines: string[] = [];
      const { counters } = await runJob({
        ...{ engine, workers: 1, reduces: 1, check: false },
        ...{ app: job.path("app.ts"), inputs: ["a", "b"].map((name) => job.path(name)) },
        ...{ out: job.path("out"), log: (line: string) => lines.push(line) },
      });
      expect(counters).toEqual(isLoss ? { "files-not-utf8": 1 } : {});
      const said = lines.filter((line) => line.includes("UTF-8"));
      expect(said.length).toBe(isLoss ? 1 : 0);
      if (isLoss) expect(said[0]).toContain(`Not UTF-8: ${job.path("b")} from `);
    },
  );
});

describe("mrsequential", () => {
  it("F18 lists files that are not UTF-8", { timeout: 120_000 }, async () => {
    const { code, stderr } = await job.start("src/main/mrsequential.ts", ["app.ts", "a", "b"])
      .ended;
    expect(stderr).toBe(`mrsequential: Not UTF-8: b byte 3: ${REASON}\n`);
    expect(code).toBe(0);
  });
});

describe("all engines", () => {
  it("have the same progress: the bytes of the input, uncompressed, and its records", {
    timeout: 120_000,
  }, async () => {
    const { gzipSync } = await import("node:zlib");
    const record = `import { defineApp, lines } from ${JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname)};
      export default defineApp({ input: lines(), map: (line, emit) => emit(line, 1), reduce: () => 1 });`;
    writeFileSync(join(job.directory, "record.ts"), record);
    const text = "to be\nor not\n".repeat(1000);
    job.write("plain", text);
    job.write("text.gz", gzipSync(text));
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    job.write("utf16", utf16);
    const bytes = 2 * text.length + utf16.length;
    for (const app of ["app.ts", "record.ts"]) {
      const seen: unknown[] = [];
      for (const engine of ["local", "sequential"] as const) {
        const sums = { map: { bytes: 0, records: 0 }, reduce: { bytes: 0, records: 0 } };
        let shuffled = 0;
        await runJob({
          ...{ engine, workers: 1, reduces: 2, check: false, splitBytes: 2000 },
          ...{ app: job.path(app), out: job.path(`${engine}-${app}`) },
          inputs: ["plain", "text.gz", "utf16"].map((name) => job.path(name)),
          onEvent: (event) => {
            if (event.type !== "attemptCompleted") return;
            sums[event.phase].bytes += event.progress?.bytes ?? 0;
            sums[event.phase].records += event.progress?.records ?? 0;
            if (event.phase === "map") shuffled += event.outputBytes.reduce((sum, n) => sum + n, 0);
          },
        });
        expect(sums.map.bytes, `${engine} ${app}`).toBe(bytes);
        expect(sums.reduce.bytes, `${engine} ${app}`).toBe(shuffled);
        seen.push([app === "app.ts" ? 0 : sums.map.records, sums.reduce.records]);
      }
      expect(seen[0]).toEqual(seen[1]);
    }
  });
});
