import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import { defineApp, type RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { UsageError } from "../../src/mr/base/errors.ts";
import type { Assignment, Dismissal } from "../../src/mr/control/protocol/protocol.ts";
import { wholeFile } from "../../src/mr/data/input/whole-file.ts";
import { DEFAULT_MEMORY_BYTES } from "../../src/mr/job/limits.ts";
import type { Failure, TaskResult } from "../../src/mr/job/task.ts";
import type { TaskSource } from "../../src/mr/worker/run-tasks.ts";
import { runWorker } from "../../src/mr/worker/start-worker.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const END: Dismissal = { kind: "exit", outcome: "completed" };
const MAP: Assignment = {
  kind: "map",
  task: 4,
  attempt: 2,
  split: { file: "a.txt", start: 0, end: 4 },
};

const echo: ClassicApp = {
  map: (_, contents) => [...contents].map((key) => ({ key, value: "1" })),
  reduce: (_, values) => String(values.length),
};

/** Hands out what it is given, and writes down what the worker reports. */
class ScriptedSource implements TaskSource {
  readonly job;
  readonly reports: string[] = [];
  readonly results: TaskResult[] = [];
  readonly failures: Failure[] = [];
  readonly #assignments: Array<Assignment | Dismissal>;
  readonly #isGranted: boolean;
  readonly #onCommit: () => void;

  constructor(
    directory: string,
    assignments: ReadonlyArray<Assignment | Dismissal>,
    {
      isGranted = true,
      onCommit = () => undefined,
      inputs,
    }: { isGranted?: boolean; onCommit?: () => void; inputs?: string[] } = {},
  ) {
    this.job = {
      job: "00c0ffee",
      directory,
      inputDirectory: directory,
      reduces: 2,
      leaseMs: 10_000,
      skipBadRecords: false,
      ...(inputs === undefined ? {} : { inputs }),
    };
    this.#assignments = [...assignments];
    this.#isGranted = isGranted;
    this.#onCommit = onCommit;
  }

  async next(): Promise<Assignment | Dismissal> {
    return this.#assignments.shift() ?? END;
  }

  async commit({ kind, task }: Assignment): Promise<boolean> {
    this.reports.push(`commit ${kind} ${task}`);
    this.#onCommit();
    return this.#isGranted;
  }

  async complete({ kind, task }: Assignment, result: TaskResult): Promise<boolean> {
    this.reports.push(`complete ${kind} ${task}`);
    this.results.push(result);
    return true;
  }

  async fail({ kind, task }: Assignment, failure: Failure): Promise<boolean> {
    this.reports.push(`fail ${kind} ${task}`);
    this.failures.push(failure);
    return true;
  }

  close(): void {
    this.reports.push("close");
  }
}

/** Counts beats, so that a test sees that every attempt that begins also ends. */
class Meter {
  readonly calls: string[] = [];
  readonly progress = { records: 0, bytes: 0, cpuMs: 0 };

  begin(): void {
    this.calls.push("begin");
  }
  workDone(): void {
    this.calls.push("done");
  }
  end(): void {
    this.calls.push("end");
  }
  addRecords(): void {
    // Nobody asks for them here.
  }
  addBytes(): void {
    // Nobody asks for them here.
  }
  alive(): void {
    this.calls.push("alive");
  }
}

function jobDirectory(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "a.txt"), "abba");
  return directory;
}

function load(app: ClassicApp | RecordApp) {
  const loaded = {
    name: "echo.ts",
    path: "/echo.ts",
    digest: "0".repeat(64),
    app,
    splitting: "wholeFile" as const,
  };
  return { app: loaded, memoryBytes: DEFAULT_MEMORY_BYTES };
}

describe("a worker", () => {
  it("runs map and reduce, publishes after the commit is granted, and reports what it wrote", async () => {
    const directory = jobDirectory();
    const seen: string[][] = [];
    const onCommit = () => void seen.push(readdirSync(directory).sort());
    const source = new ScriptedSource(directory, [MAP], { onCommit });
    const meter = new Meter();
    expect(await runWorker(source, load(echo), meter)).toBe("completed");

    expect(source.reports).toEqual(["commit map 4", "complete map 4"]);
    // Until the commit nothing has its final name, and what there is begins with a dot.
    expect(seen[0]?.filter((name) => !name.startsWith("."))).toEqual(["a.txt"]);
    expect(readdirSync(directory).sort()).toEqual(["a.txt", "mr-4-0", "mr-4-1"]);
    const written = source.results[0]?.outputs.map(({ name, bytes }) => `${name} ${bytes}`);
    const sizes = ["mr-4-0", "mr-4-1"].map((name) => {
      return `${name} ${readFileSync(join(directory, name)).length}`;
    });
    expect(written).toEqual(sizes);

    const sources = [source.results[0]?.outputs[0] ?? { name: "", bytes: 0, crc32: 0 }];
    const reduce: Assignment = { kind: "reduce", task: 0, attempt: 1, sources };
    const second = new ScriptedSource(directory, [reduce]);
    await runWorker(second, load(echo), meter);
    expect(second.reports).toEqual(["commit reduce 0", "complete reduce 0"]);
    expect(readFileSync(join(directory, "mr-out-0"), "utf8")).toMatch(/^([ab] 2\n)*$/);
    // A reduce attempt is done before it syncs its output.
    expect(meter.calls).toEqual(["begin", "done", "end", "begin", "done", "done", "end"]);
  });

  it("throws away what it made when the commit is refused", async () => {
    const directory = jobDirectory();
    const source = new ScriptedSource(directory, [MAP], { isGranted: false });
    await runWorker(source, load(echo), new Meter());
    expect(source.reports).toEqual(["commit map 4"]);
    expect(readdirSync(directory)).toEqual(["a.txt"]);
  });

  it("F22: reports a map that throws with file and stack, and goes on with the next task", async () => {
    const directory = jobDirectory();
    const app: ClassicApp = {
      ...echo,
      map: () => {
        throw new RangeError("bad day");
      },
    };
    const source = new ScriptedSource(directory, [MAP, { ...MAP, attempt: 3 }]);
    const meter = new Meter();
    expect(await runWorker(source, load(app), meter)).toBe("completed");
    expect(source.reports).toEqual(["fail map 4", "fail map 4"]);
    expect(source.failures[0]?.message).toContain('"a.txt"');
    expect(source.failures[0]?.message).toContain("RangeError: bad day");
    expect(source.failures[0]?.stack).toContain("start-worker.test.ts");
    expect(meter.calls).toEqual(["begin", "done", "end", "begin", "done", "end"]);
    expect(readdirSync(directory)).toEqual(["a.txt"]);
  });

  it("says of what was asked for and can't be done that another attempt would be for nothing", async () => {
    const app: ClassicApp = {
      ...echo,
      map: () => {
        throw new UsageError("there is no such column");
      },
    };
    const source = new ScriptedSource(jobDirectory(), [MAP]);
    await runWorker(source, load(app), new Meter());
    expect(source.failures).toEqual([{ code: "USAGE", message: "there is no such column" }]);
  });

  it("lets the app check the names of all inputs before its first record", async () => {
    const lines: string[] = [];
    const app = defineApp({
      input: wholeFile(),
      checkInputs(files) {
        lines.push(`check ${files.join(" ")}`);
        if (!files.includes("b.txt")) throw new UsageError("there is no b.txt");
      },
      map: () => void lines.push("map"),
      reduce: () => undefined,
    });
    const run = async (inputs: string[]) => {
      const source = new ScriptedSource(jobDirectory(), [MAP, { ...MAP, attempt: 2 }], { inputs });
      await runWorker(source, load(app), new Meter());
      return source;
    };
    const { failures } = await run(["a.txt", "c.txt"]);
    const refused = { code: "USAGE", message: "there is no b.txt" };
    expect(failures).toEqual([refused, refused]);
    expect(lines.splice(0)).toEqual(["check a.txt c.txt", "check a.txt c.txt"]);
    expect((await run(["a.txt", "b.txt"])).failures).toEqual([]);
    expect(lines).toEqual(["check a.txt b.txt", "map", "map"]);
  });

  it("F15: reports an input that has vanished by its name", async () => {
    const directory = jobDirectory();
    rmSync(join(directory, "a.txt"));
    const source = new ScriptedSource(directory, [MAP]);
    await runWorker(source, load(echo), new Meter());
    const message = expect.stringContaining('input "a.txt"');
    expect(source.failures[0]).toMatchObject({ code: "INPUT_NOT_FOUND", message });
  });

  it("F12: reports output that cannot be published, by its path, and leaves nothing behind", async () => {
    const directory = jobDirectory();
    const onCommit = () => rmSync(directory, { recursive: true });
    const source = new ScriptedSource(directory, [MAP], { onCommit });
    await runWorker(source, load(echo), new Meter());
    expect(source.reports).toEqual(["commit map 4", "fail map 4"]);
    const message = expect.stringContaining(join(directory, "mr-4-0"));
    expect(source.failures[0]).toMatchObject({ code: "OUTPUT_UNWRITABLE", message });
  });

  it("F23: reports a key or a value that is no string, with its position", async () => {
    const pairs: Array<[pair: unknown, message: string]> = [
      [{ key: 1, value: "1" }, "the key of pair 2 is the number 1, not a string"],
      [{ key: "a", value: undefined }, "the value of pair 2 is undefined, not a string"],
      [null, "pair 2 is null, not a { key, value }"],
    ];
    for (const [pair, message] of pairs) {
      const map = () => [{ key: "a", value: "1" }, pair] as never;
      const directory = jobDirectory();
      const source = new ScriptedSource(directory, [MAP]);
      await runWorker(source, load({ ...echo, map }), new Meter());
      expect(source.failures[0]?.message).toContain(message);
      expect(readdirSync(directory)).toEqual(["a.txt"]);
    }
  });

  it("ends as the job ended", async () => {
    for (const outcome of ["completed", "failed", "cancelled"] as const) {
      const source = new ScriptedSource(jobDirectory(), [{ kind: "exit", outcome }]);
      expect(await runWorker(source, load(echo), new Meter())).toBe(outcome);
    }
  });
});
