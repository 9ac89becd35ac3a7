import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import fastGlob from "fast-glob";
import ts from "typescript";

/** The public interface. It may import every room, and only apps import it. Tests of apps have another one. */
const INDEX = "mr/index.ts";

/** Rooms that every engine and every command may use. */
const DATA = ["mr/data/input", "mr/data/shuffle", "mr/data/task", "mr/data/output"] as const;
const APP = ["mr/app/contract", "mr/app/text", "mr/app/load"] as const;
const CONTROL = [
  "mr/control/scheduler",
  "mr/control/coordinator",
  "mr/control/protocol",
  "mr/control/log",
] as const;
const WATCH = [
  "mr/watch/history",
  "mr/watch/format",
  "mr/watch/terminal",
  "mr/watch/dashboard",
  "mr/watch/report",
] as const;
const LOW = ["mr/base", "mr/job"] as const;
const MAIN = [
  ...LOW,
  ...APP,
  "mr/storage",
  ...DATA,
  ...CONTROL,
  ...WATCH,
  "mr/worker",
  "mr/engines",
] as const;

/**
 * The folders that each folder of src may import, besides itself. Data flows one way. The data plane and the
 * control plane do not import each other: they meet in the worker. A file that may import more or less than its
 * folder has its own entry.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "mr/base": [],
  "mr/kernel": ["mr/base"],
  "mr/job": ["mr/base"],
  "mr/app/contract": [...LOW, "mr/kernel", "mr/app/text"],
  "mr/app/text": [...LOW, "mr/kernel", "mr/app/contract"],
  "mr/app/load": [...LOW, "mr/app/contract"],
  "mr/storage": LOW,
  // Only the registry imports storages.
  "mr/storage/registry.ts": [...LOW, "mr/storage/file", "mr/storage/memory"],
  "mr/storage/file": [...LOW, "mr/storage"],
  "mr/storage/memory": [...LOW, "mr/storage"],
  "mr/data/output": [...LOW, "mr/app/contract", "mr/storage"],
  // jsonLines() is one object that reads and writes.
  "mr/data/input": [...LOW, "mr/kernel", ...APP, "mr/storage", "mr/data/output"],
  "mr/data/shuffle": [...LOW, "mr/kernel", ...APP, "mr/storage"],
  "mr/data/task": [...LOW, "mr/kernel", ...APP, "mr/storage", ...DATA],
  "mr/control/scheduler": LOW,
  "mr/control/log": LOW,
  "mr/control/protocol": LOW,
  "mr/control/coordinator": [...LOW, ...CONTROL],
  "mr/worker": [...LOW, ...APP, "mr/storage", ...DATA, "mr/control/protocol"],
  "mr/engines": [...LOW, ...APP, "mr/storage", "mr/control/log", "mr/watch/format"],
  // An engine never imports another one. Only the registry imports them.
  "mr/engines/registry.ts": ["mr/base", "mr/engines", "mr/engines/local", "mr/engines/sequential"],
  "mr/engines/local": [
    ...LOW,
    ...APP,
    "mr/storage",
    ...DATA,
    ...CONTROL,
    ...WATCH,
    "mr/worker",
    "mr/engines",
  ],
  "mr/engines/sequential": [
    ...LOW,
    ...APP,
    "mr/storage",
    ...DATA,
    "mr/kernel",
    "mr/watch/format",
    "mr/engines",
  ],
  "mr/watch/history": [...LOW, "mr/storage"],
  "mr/watch/format": [...LOW, "mr/watch/history"],
  "mr/watch/terminal": [...LOW, "mr/storage", "mr/watch/history", "mr/watch/format"],
  "mr/watch/dashboard": [...LOW, "mr/storage", "mr/watch/history", "mr/watch/format"],
  "mr/watch/report": [...LOW, "mr/storage", "mr/watch/history", "mr/watch/format"],
  "mr/testing": [...LOW, "mr/kernel", ...APP, "mr/storage", ...DATA],
  mrapps: [INDEX],
  main: MAIN,
  // Commands that belong to one engine.
  "main/coordinate.ts": [...MAIN, "mr/engines/local"],
  "main/tsmr.ts": ["mr/engines/local"],
  "main/commands/sequential.ts": [...MAIN, "mr/engines/sequential"],
};

/** Plain JavaScript without imports of this project, so that a worker starts it quickly. */
const HEARTBEAT_THREAD = "mr/worker/heartbeat-thread.mjs";

/** The modules of Node that reach outside the process, and the folders that may import them. */
const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  fs: [
    "mr/base",
    "mr/storage/file",
    "mr/app/load",
    "mr/control/log",
    "mr/engines/local",
    "mr/watch/history",
    "main",
    // A test app that counts its runs in files.
    "mrapps",
    // Writes to standard error when the process must end at once.
    HEARTBEAT_THREAD,
  ],
  // Sockets, and the lock of a job directory, which is one.
  net: [
    "mr/base",
    "mr/control/log",
    "mr/control/protocol",
    "mr/engines/local",
    "mr/watch/dashboard",
  ],
  http: ["mr/control/protocol", "mr/watch/dashboard", HEARTBEAT_THREAD],
  child_process: ["mr/app/load", "mr/engines/local", "main/without-standard-output.ts"],
  // Ends a process whose main thread is busy.
  wasi: [HEARTBEAT_THREAD],
  worker_threads: ["mr/worker"],
  // Compiles modules of apps that are not in strict mode. It runs no code from elsewhere.
  vm: ["mr/app/load"],
};

/** The modules of Node that every room may import. A module that is in neither list is refused. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...["buffer", "crypto", "events", "module", "os", "path", "readline", "stream"],
  ...["stream/consumers", "timers", "url", "util", "zlib"],
]);

/** The only module that finds files of the package. */
const KNOWS_ITS_ADDRESS = "mr/base/assets.ts";

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
    const allowed = ALLOWED[file] ?? ALLOWED[from];
    if (allowed === undefined) {
      violations.push(`${file}: folder "${from}" has no place in the layers`);
      continue;
    }
    const imports = importsOf(root, file);
    for (const target of imports.files) {
      const to = target === INDEX ? INDEX : layerOf(target);
      if (to === from || allowed.includes(to)) continue;
      violations.push(`${file} imports ${target}: "${from}" may not import "${to}"`);
    }
    for (const name of imports.builtins) {
      if (HARMLESS.has(name)) continue;
      const folders = BUILTINS[name] ?? [];
      if (folders.includes(from) || folders.includes(file)) continue;
      violations.push(`${file} imports node:${name}: only ${folders.join(", ") || "no room"} may`);
    }
    if (imports.usesAddress && file !== KNOWS_ITS_ADDRESS) {
      violations.push(`${file} uses import.meta.url: only ${KNOWS_ITS_ADDRESS} may`);
    }
  }
  return violations;
}

function listFiles(root: string): string[] {
  const files = fastGlob.sync("**/*.{ts,js,mjs}", {
    cwd: root,
    ignore: ["mr/kernel/assembly/**"],
  });
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/**
 * The room a file is in: the folder of two levels below `mr`, such as `mr/data/shuffle`, or of one where
 * there is no second. Apps and commands are one room each.
 */
function layerOf(file: string): string {
  const parts = dirname(file).split("/");
  return parts[0] === "mr" ? parts.slice(0, 3).join("/") : (parts[0] ?? "");
}

interface Imports {
  /** Files of this project, types included, relative to the root. */
  readonly files: readonly string[];
  /** Modules of Node without `node:`, and `fs` for `fs/promises`. */
  readonly builtins: readonly string[];
  /** Whether the file uses its own address. */
  readonly usesAddress: boolean;
}

function importsOf(root: string, file: string): Imports {
  const text = readFileSync(join(root, file), "utf8");
  const names = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const files = names
    .filter((name) => name.startsWith("."))
    .map((name) =>
      relative(root, join(root, dirname(file), name))
        .split(sep)
        .join("/"),
    );
  const builtins = names
    .filter((name) => isBuiltin(name))
    .map((name) => name.replace(/^node:/, "").replace(/\/promises$/, ""));
  // Other ways to a module of Node, which the list of imports does not have.
  for (const [, , name = ""] of text.matchAll(
    /\b(getBuiltinModule|require)\(\s*["'](?:node:)?([\w/]+)/g,
  )) {
    builtins.push(name);
  }
  // In a string, it belongs to code of another module.
  const usesAddress = /(?<!["'])import\.meta\.(url|resolve|dirname|filename)/.test(text);
  return { files, builtins: [...new Set(builtins)], usesAddress };
}
