// Tests the packed package: jobs in little memory.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { InstalledPackage, outputLines } from "./installed-package.ts";

/** The least there is, so that not much is needed to fill it. */
const LIMIT_MB = 160;
const PATIENCE = { timeout: 300_000 };
/** A glance at a process does not miss its peak, which the kernel keeps, but for what comes just before its end. */
const LOOK_MS = 20;

const LINES = 100_000;
const LINE_WORDS = 12;

const tsmr = new InstalledPackage();
let project: string;

/** A word of letters alone, of which there are a few hundred thousand different ones. */
function word(line: number, place: number): string {
  const number = Math.imul(line * LINE_WORDS + place, 0x9e3779b1) >>> 13;
  return Array.from(number.toString(), (digit) => String.fromCharCode(97 + Number(digit))).join("");
}

beforeAll(async () => {
  await tsmr.pack();
  project = await tsmr.project("project");
  const text: string[] = [];
  for (let line = 0; line < LINES; line++) {
    const words = Array.from({ length: LINE_WORDS }, (_, place) => word(line, place));
    text.push(words.join(" "));
  }
  writeFileSync(join(project, "lines.txt"), `${text.join("\n")}\n`);
  writeFileSync(join(project, "one-line.txt"), `${text.join(" ").repeat(2)}\n`);
  mkdirSync(join(project, "many"));
  for (let file = 0; file < 70; file++) {
    const part = text.slice(file * 200, (file + 1) * 200).join("\n");
    writeFileSync(join(project, "many", `${file}.txt`), `${part}\n`);
  }
}, PATIENCE.timeout);

/** What a job came to. */
interface Watched {
  readonly lines: readonly string[];
  /** The temporary files it made: names of the spills of a map task, and of the merges of a reduce task. */
  readonly spills: number;
  readonly merges: number;
  readonly staged: number;
  /** The highest peak of any of its processes, in MiB. */
  readonly peakMb: number;
}

/** Runs an app by `tsmr run`, and looks at its processes and its directory meanwhile. */
async function runWatched(name: string, app: string, inputs: string[], ...options: string[]) {
  const out = join(project, `${name}-out`);
  mkdirSync(out);
  writeFileSync(join(project, `${name}.ts`), app);
  const made = new Set<string>();
  const watcher = watch(out, (_event, file) => made.add(String(file)));
  const args = ["run", `${name}.ts`, ...inputs, "--out", out, "--workers", "1", "--reduces", "2"];
  args.push("--memory", `${LIMIT_MB}MB`, "--no-check", "--quiet", ...options);
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [join(project, "node_modules/tsmr/dist/main/tsmr.js"), ...args],
    { cwd: project, stdio: ["ignore", "ignore", "pipe"], env: environment },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let peakMb = 0;
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, ...treePeaksMb(child));
  }, LOOK_MS);
  try {
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`tsmr ended with ${code}: ${stderr}`);
  } finally {
    clearInterval(timer);
    watcher.close();
    child.kill("SIGKILL");
  }
  const count = (pattern: RegExp) => [...made].filter((file) => pattern.test(file)).length;
  const watched: Watched = {
    lines: outputLines(out),
    spills: count(/^\.mr-\d+-spill-/),
    merges: count(/^\.mr-out-\d+-merge-/),
    staged: count(/^\.mr-\d+-staged\./),
    peakMb,
  };
  expect(watched.peakMb).toBeGreaterThan(20);
  return watched;
}

/** `VmHWM` of a process and of all that it started, in MiB. */
function treePeaksMb({ pid: root }: ChildProcess): number[] {
  const statuses = new Map<number, { parent: number; peakMb: number }>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    let status: string;
    try {
      status = readFileSync(`/proc/${name}/status`, "utf8");
    } catch {
      // It ended between the listing and the reading.
      continue;
    }
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const peakMb = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    statuses.set(Number(name), { parent, peakMb });
  }
  const isOfTree = (pid: number): boolean => {
    return pid === root || isOfTreeAbove(statuses.get(pid)?.parent ?? 0);
  };
  const isOfTreeAbove = (pid: number): boolean => pid > 0 && isOfTree(pid);
  return [...statuses].filter(([pid]) => isOfTree(pid)).map(([, { peakMb }]) => peakMb);
}

/** Each word with its places, which are counted. */
const INDEX = `import { defineApp, lines, words } from "tsmr";
export default defineApp({
  input: lines(),
  map(line, emit, { file, offset }) {
    for (const word of words(line)) emit(word, \`\${file} at byte \${offset}\`);
  },
  reduce(_word, places) {
    let count = 0;
    for (const _ of places) count += 1;
    return count;
  },
});`;

/** How many words there are in `lines.txt`. */
const WORDS = LINES * LINE_WORDS;

describe.skipIf(!existsSync("/proc/self/status"))(
  "all processes stay under --memory (measured by /proc, without which this is skipped)",
  PATIENCE,
  () => {
    it("F26 with a combiner, and more keys than fit", async () => {
      const { lines, spills, peakMb } = await runWatched(
        "combining",
        `import { defineApp, lines, sum } from "tsmr";
        export default defineApp({
          input: lines(),
          map(line, emit, { offset }) {
            for (let i = 0; i < 6; i++) emit(\`\${offset} is the place of \${i}\`, 1);
          },
          combine: sum,
          reduce: (_key, counts) => sum.of(counts),
        });`,
        ["lines.txt"],
      );
      expect(peakMb).toBeLessThan(LIMIT_MB);
      expect(lines).toHaveLength(6 * LINES);
      expect(spills).toBeGreaterThan(3);
    });

    it("F26 without a combiner", async () => {
      const { lines, spills, peakMb } = await runWatched("index", INDEX, ["lines.txt"]);
      expect(peakMb).toBeLessThan(LIMIT_MB);
      expect(total(lines)).toBe(WORDS);
      expect(spills).toBeGreaterThan(3);
    });

    it("F26 with the outputs of more map tasks than are merged at a time", async () => {
      const { lines, merges, peakMb } = await runWatched(
        "many-tasks",
        INDEX,
        ["many"],
        // So small that no two files share a task.
        ...["--split", "16KB"],
      );
      expect(peakMb).toBeLessThan(LIMIT_MB);
      expect(total(lines)).toBe(70 * 200 * LINE_WORDS);
      expect(merges).toBeGreaterThan(1);
    });

    it("F27 with a secondary sort of more values of a key than fit", async () => {
      const { lines, spills, peakMb } = await runWatched(
        "ordered",
        `import { defineApp, lines } from "tsmr";
        type Place = { offset: number; parts: { [letter: string]: [] }[] };
        export default defineApp({
          input: lines(),
          map(line, emit, { offset }) {
            // Short as text, and large as objects.
            emit("key", { offset, parts: Array.from({ length: 20 }, (_, i) => ({ [i % 7]: [] })) });
          },
          orderValues: (a: Place, b: Place) => b.offset - a.offset,
          reduce(_key, places) {
            let count = 0;
            let last = Infinity;
            for (const { offset } of places) {
              if (offset >= last) throw new Error("not in order");
              last = offset;
              count += 1;
            }
            return count;
          },
        });`,
        ["lines.txt"],
      );
      expect(peakMb).toBeLessThan(LIMIT_MB);
      expect(lines).toEqual([`key ${LINES}`]);
      expect(spills).toBeGreaterThan(0);
    });

    it.each(["lines", "wholeFile"])(
      "F26 with the words of one record of twenty megabytes, read by %s()",
      async (reader) => {
        const { lines, peakMb } = await runWatched(
          `one-${reader}`,
          `import { defineApp, ${reader}, sum, words } from "tsmr";
          export default defineApp({
            input: ${reader}(),
            map(text, emit) {
              for (const word of words(text)) emit(word, 1);
            },
            combine: sum,
            reduce: (_word, counts) => sum.of(counts),
          });`,
          ["one-line.txt"],
        );
        // The last word of the text and its first are one where it is repeated.
        expect(peakMb).toBeLessThan(LIMIT_MB);
        expect(total(lines)).toBe(2 * WORDS - 1);
      },
    );

    it("F22 F26 with --skip-bad-records, and a record of more pairs than fit", async () => {
      const { lines, spills, staged, peakMb } = await runWatched(
        "skipping",
        `import { defineApp, wholeFile, words } from "tsmr";
        export default defineApp({
          input: wholeFile(),
          map(text, emit, { file }) {
            let at = 0;
            for (const word of words(text)) emit(word, [at++, "some more to carry"]);
            if (file.endsWith("lines.txt")) return;
            throw new Error("bad after all");
          },
          *reduce(word, places) {
            for (const _ of places) yield 1;
          },
        });`,
        ["lines.txt", "one-line.txt"],
        "--skip-bad-records",
        // Every attempt makes files of its own.
        ...["--lease", "600"],
      );
      expect(peakMb).toBeLessThan(LIMIT_MB);
      expect(lines).toHaveLength(WORDS);
      expect(spills).toBeGreaterThan(3);
      expect(staged).toBe(2);
    });
  },
);

/** The sum of what comes after the key. */
function total(lines: readonly string[]): number {
  let sum = 0;
  for (const line of lines) sum += Number(line.split(" ")[1]);
  return sum;
}
