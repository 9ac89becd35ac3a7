import { readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import fastGlob from "fast-glob";
import ts from "typescript";

/** Used by everything: errors, names of files, encoding. They import nothing of the project. */
const BASE = "mr";
/** The public face. It imports from everywhere and is imported by apps only; tests of apps have another. */
const INDEX = "mr/index.ts";

/** The data plane, in the order of the layers: each folder imports only from those before it. */
const DATA = [
  "mr/kernel",
  "mr/storage",
  "mr/app",
  "mr/output",
  "mr/input",
  "mr/shuffle",
  "mr/task",
] as const;
const CONTROL = ["mr/scheduler", "mr/journal", "mr/rpc", "mr/events", "mr/coordinator"];

/**
 * What each folder of src may import, besides itself and the base. Data flows one way, and the data
 * plane and the control plane know nothing of each other: they meet in the worker.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  [BASE]: [],
  "mr/kernel": [],
  "mr/storage": [],
  "mr/app": ["mr/kernel"],
  "mr/output": ["mr/storage", "mr/app"],
  // jsonLines() is one object that reads and writes.
  "mr/input": ["mr/kernel", "mr/storage", "mr/app", "mr/output"],
  "mr/shuffle": ["mr/kernel", "mr/storage", "mr/app"],
  "mr/task": DATA,
  "mr/sequential": ["mr/app", "mr/input", "mr/kernel", "mr/output"],
  "mr/testing": DATA,
  "mr/job": ["mr/app", "mr/input"],
  "mr/scheduler": [],
  "mr/journal": ["mr/scheduler"],
  "mr/rpc": [],
  "mr/events": [],
  "mr/report": ["mr/events"],
  "mr/dashboard": ["mr/events"],
  "mr/progress": ["mr/events"],
  "mr/coordinator": ["mr/scheduler", "mr/journal", "mr/rpc", "mr/events", "mr/job"],
  "mr/worker": [...DATA, "mr/rpc", "mr/scheduler"],
  mrapps: [INDEX],
  "mr/run": ["mr/app", "mr/input", "mr/job", ...CONTROL, "mr/worker"],
  main: [
    ...DATA,
    ...CONTROL,
    "mr/dashboard",
    "mr/progress",
    "mr/sequential",
    "mr/job",
    "mr/worker",
    "mr/run",
    "mr/report",
  ],
};

/**
 * Finds imports that the layering forbids.
 *
 * @param root absolute path of the folder that holds `mr`, `mrapps` and `main`
 * @returns one sentence a violation, in the order of the files
 */
export function findLayerViolations(root: string): string[] {
  const violations: string[] = [];
  for (const file of listFiles(root)) {
    if (file === INDEX) continue;
    const from = layerOf(file);
    const allowed = ALLOWED[from];
    if (allowed === undefined) {
      violations.push(`${file}: folder "${from}" has no place in the layers`);
      continue;
    }
    for (const target of importsOf(root, file)) {
      const to = target === INDEX ? INDEX : layerOf(target);
      if (to === from || to === BASE || allowed.includes(to)) continue;
      violations.push(`${file} imports ${target}: "${from}" may not import "${to}"`);
    }
  }
  return violations;
}

function listFiles(root: string): string[] {
  const files = fastGlob.sync("**/*.{ts,mjs}", { cwd: root });
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/** The stage a file belongs to: `mr/shuffle` for all below that folder, `mr` for files right in it. */
function layerOf(file: string): string {
  const [top = "", second] = dirname(file).split("/");
  return top === "mr" && second !== undefined ? `${top}/${second}` : top;
}

/** The files of this project that a file imports, types included, relative to `root`. */
function importsOf(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) =>
      relative(root, join(root, dirname(file), name))
        .split(sep)
        .join("/"),
    );
}
