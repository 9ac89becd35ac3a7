import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atMost, type Benchmark, type Setup, type Side, timesFaster } from "./benchmark.ts";
import { checkCounts, checkShellCount, outputFiles } from "./check-results.ts";
import { realText, type TextSet } from "./inputs/real-text.ts";
import { appPath, tsmrCommand } from "./tsmr-command.ts";

const REDUCES = 2;

function text240({ dataFolder, quick }: Setup): Promise<TextSet> {
  return quick
    ? realText(dataFolder, "quick-text", { files: 8, fileBytes: 250e3 })
    : realText(dataFolder, "text-240mb", { files: 8, fileBytes: 30e6 });
}

function tsmrCount(setup: Setup, text: TextSet, app: "word-count" | "wc", workers: number): Side {
  return {
    label: `tsmr, ${workers} worker${workers === 1 ? "" : "s"}`,
    command: (out) =>
      tsmrCommand(setup.program, {
        app: appPath(app),
        inputs: text.files,
        workers,
        reduces: REDUCES,
        out,
      }),
    check: async (out) => checkCounts(await outputFiles(out), text),
  };
}

function shellCount(text: TextSet): Side {
  return {
    label: "wc -w",
    command: () => ({
      program: "wc",
      arguments: ["-w", ...text.files],
      environment: { LC_ALL: "C" },
    }),
    check: (_out, { stdout }) => Promise.resolve(checkShellCount(stdout, text)),
  };
}

function handWritten(text: TextSet, name: string, label: string): Side {
  const program = fileURLToPath(new URL(`./baselines/${name}.mjs`, import.meta.url));
  return {
    label,
    command: (out) => ({
      program: process.execPath,
      arguments: [program, join(out, "counts"), ...text.files],
    }),
    check: (out) => checkCounts([join(out, "counts")], text),
  };
}

export const p1: Benchmark = {
  name: "P1",
  work: "word count, 240 MB, record form, 2 workers",
  target: "≤ 0.75 × wc -w",
  rounds: 5,
  prepare: async (setup) => {
    const text = await text240(setup);
    return {
      ours: tsmrCount(setup, text, "word-count", 2),
      theirs: shellCount(text),
      inputs: text.files,
      judge: atMost(0.75),
    };
  },
};

export const p2: Benchmark = {
  name: "P2",
  work: "the same, 1 worker",
  target: "≤ 1.15 × best single thread",
  rounds: 5,
  prepare: async (setup) => {
    const text = await text240(setup);
    return {
      ours: tsmrCount(setup, text, "word-count", 1),
      theirs: handWritten(text, "word-count-bytes", "Node by hand"),
      forTheRecord: [
        handWritten(text, "word-count-fnv", "Node by hand, byte loop"),
        handWritten(text, "word-count-map", "Node, match and Map"),
      ],
      inputs: text.files,
      judge: atMost(1.15),
    };
  },
};

export const p3: Benchmark = {
  name: "P3",
  work: "the same, 2 workers over 1",
  target: "≥ 1.8 × faster",
  rounds: 5,
  prepare: async (setup) => {
    const text = await text240(setup);
    return {
      ours: tsmrCount(setup, text, "word-count", 2),
      theirs: tsmrCount(setup, text, "word-count", 1),
      inputs: text.files,
      judge: timesFaster(1.8),
    };
  },
};

export const p4: Benchmark = {
  name: "P4",
  work: "word count, 47 MB, classic form, 2 workers",
  target: "≤ 5 × wc -w",
  rounds: 5,
  prepare: async (setup) => {
    const text = setup.quick
      ? await text240(setup)
      : await realText(setup.dataFolder, "text-47mb", { files: 8, fileBytes: 47e6 / 8 });
    return {
      ours: tsmrCount(setup, text, "wc", 2),
      theirs: shellCount(text),
      inputs: text.files,
      judge: atMost(5),
    };
  },
};

export const p5: Benchmark = {
  name: "P5",
  work: "word count, 3.3 MB in 8 files, 2 workers",
  target: "≤ 6 × node -e 0",
  rounds: 11,
  prepare: async (setup) => {
    const text = await realText(setup.dataFolder, "text-3mb", { files: 8, fileBytes: 412e3 });
    return {
      ours: tsmrCount(setup, text, "word-count", 2),
      theirs: {
        label: "node -e 0",
        command: () => ({ program: process.execPath, arguments: ["-e", "0"] }),
        check: () => Promise.resolve(),
      },
      inputs: text.files,
      judge: atMost(6),
    };
  },
};
