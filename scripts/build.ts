/**
 * Makes `dist`, what the package publishes: JavaScript by the bundler, type declarations by the
 * compiler, the shipped apps as sources to read, and whatever a module reads at run time.
 *
 *     npm run build
 *     npx tsx scripts/build.ts --out DIR    into another folder, while `dist` is in use
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  type BuildOptions,
  build,
  type Metafile,
  type Plugin,
  type PluginBuild,
  type TransformOptions,
  transform,
} from "esbuild";
import fastGlob from "fast-glob";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { values: options } = parseArgs({ options: { out: { type: "string", default: "dist" } } });
const OUT = resolve(ROOT, options.out);

/** The entry points in the package's `exports`. */
const PUBLIC = fastGlob.sync(["mr/index.ts", "mr/testing/index.ts"], { cwd: `${ROOT}src` });
/** Programs that start as processes of their own. */
const COMMANDS = fastGlob.sync("main/{mr*,tsmr}.ts", { cwd: `${ROOT}src` });
/** The program of a worker that a job has started. */
const WORKER = "mr/engines/local/worker-process.ts";
/** The thread of a worker's heartbeat, which is no part of a bundle. */
const THREAD = "mr/worker/heartbeat-thread.mjs";
const APPS = fastGlob.sync("mrapps/*.ts", { cwd: `${ROOT}src` });

/**
 * Libraries that jobs need and that Node loads slowly, to be bundled with what they import. Three are CommonJS
 * modules of several files, and Node scans each file for its exports; the fourth is a file of 200 kB, of which a
 * tenth is used.
 */
const BUNDLED = ["commander", "fast-glob", "json-rpc-2.0", "valibot"];
/** The one whose unused parts can be left out. */
const MODULE = "valibot";
/** The modules that `tsmr run` loads, one after the other. */
const COMMAND_PARTS = [
  "main/tsmr.ts",
  "main/tsmr-program.ts",
  "main/commands/run.ts",
  "mr/engines/execute-job.ts",
  "mr/engines/local/local-engine.ts",
  "mr/control/coordinator/coordinator.ts",
  "mr/control/protocol/server.ts",
  "mr/storage/file/find-inputs.ts",
];
/** Its modules are loaded before its socket is there. */
const LISTENER = "main/mrcoordinator.ts";
const LINE_LENGTH = 120;
const SETTINGS = {
  absWorkingDir: ROOT,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
} as const satisfies BuildOptions;

const SHORT = {
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: LINE_LENGTH,
  target: SETTINGS.target,
} as const satisfies TransformOptions;

const withLibraries: Plugin = {
  name: "libraries",
  setup(builder) {
    builder.onResolve({ filter: /^[\w@]/ }, ({ path, importer, kind }) => {
      const isOfLibrary = importer.includes("/node_modules/");
      // A module of the system has no `require`.
      if (isBuiltin(path)) {
        return kind === "require-call" ? { path, namespace: "builtin" } : undefined;
      }
      if (!isOfLibrary && !BUNDLED.includes(path)) return undefined;
      if (path === MODULE)
        return { path: fileURLToPath(import.meta.resolve(path)), sideEffects: false };
      return { path: createRequire(importer).resolve(path) };
    });
    builder.onLoad({ filter: /^/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

rmSync(OUT, { recursive: true, force: true });
await bundle();
makeExecutable();
writeDeclarations();
copyAppSources();
copyAssets();
checkAssets();
await shorten();
await writeThread();

/**
 * Bundles the sources. A job starts several processes, and each pays for every file it loads: without bundles, a
 * worker takes three times as long to load.
 */
async function bundle(): Promise<void> {
  const { metafile } = await build({
    ...SETTINGS,
    entryPoints: [...PUBLIC, WORKER, ...COMMANDS, ...APPS].map((file) => `src/${file}`),
    outbase: "src",
    outdir: OUT,
    // Two folders deep, where base/assets.ts expects to be.
    chunkNames: "mr/chunks/[name]-[hash]",
    splitting: true,
    metafile: true,
    plugins: [withLibraries],
  });
  await mergeChunks(metafile);
  writeNotices(Object.keys(metafile.inputs));
}

/**
 * Merges the chunks that a job loads, because the bundler makes about sixty, and loading one takes most of a
 * millisecond. Each file is loaded whole by the processes that load it at all:
 *
 * - `start.js`: the modules without which `tsmr run` cannot start its first workers, which it loads first;
 * - `shared.js`: the others that it shares with its workers;
 * - `worker.js`: the others of a worker;
 * - `library.js`: the others of the package's interface that `tsmr run` needs too;
 * - `listener.js`: the others that it shares with `mrcoordinator` before that listens;
 * - `command.js`: its others.
 */
async function mergeChunks({ outputs }: Metafile): Promise<void> {
  const ofWorker = chunksOf(outputs, [WORKER]);
  const ofCommand = chunksOf(outputs, COMMAND_PARTS);
  const shared = [...ofWorker].filter((chunk) => ofCommand.has(chunk));
  const ofInterface = [...chunksOf(outputs, PUBLIC)].filter((chunk) => ofCommand.has(chunk));
  const ofListener = [...chunksOf(outputs, [LISTENER])].filter((chunk) => ofCommand.has(chunk));
  // Modules that are loaded by name have chunks of their own.
  const named = COMMAND_PARTS.slice(2).map((part) => chunkOfEntry(outputs, part));
  // Each imports only those before it.
  const parts: [name: string, chunks: Iterable<string>][] = [
    ["start.js", chunksOf(outputs, COMMAND_PARTS.slice(0, 1))],
    ["shared.js", shared],
    ["worker.js", ofWorker],
    ["library.js", ofInterface],
    ["listener.js", ofListener],
    ["command.js", [...ofCommand, ...named]],
  ];
  const merged = new Set<string>();
  for (const [name, chunks] of parts) {
    const others = [...chunks].filter((chunk) => !merged.has(chunk));
    for (const chunk of others) merged.add(chunk);
    await mergeInto(name, others, outputs);
  }
}

/** The chunks that are loaded with some of the entry points. */
function chunksOf(outputs: Metafile["outputs"], entries: readonly string[]): Set<string> {
  const chunks = new Set<string>();
  const visit = (file: string) => {
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      const isEntry = outputs[path]?.entryPoint !== undefined;
      if (kind !== "import-statement" || external === true || isEntry || chunks.has(path)) continue;
      chunks.add(path);
      visit(path);
    }
  };
  for (const entry of entries) {
    visit(chunkOfEntry(outputs, entry));
  }
  return chunks;
}

function chunkOfEntry(outputs: Metafile["outputs"], entry: string): string {
  const chunks = Object.entries(outputs);
  const [file] = chunks.find(([, { entryPoint }]) => entryPoint === `src/${entry}`) ?? [];
  if (file === undefined) throw new Error(`The bundler made nothing of ${entry}`);
  return file;
}

/** Makes one file of several chunks, which import nothing but each other and what was merged before. */
async function mergeInto(
  name: string,
  chunks: readonly string[],
  outputs: Metafile["outputs"],
): Promise<void> {
  const exported = new Set<string>();
  const lines = chunks.map((chunk) => {
    const names = outputs[chunk]?.exports ?? [];
    const twice = names.find((name) => exported.has(name));
    if (twice !== undefined) throw new Error(`Two chunks export "${twice}": see mergeChunks`);
    for (const name of names) exported.add(name);
    return `export { ${names.join(", ")} } from "./${basename(chunk)}";`;
  });
  const folder = join(OUT, "mr/chunks");
  await build({
    ...SETTINGS,
    stdin: { contents: lines.join("\n"), resolveDir: folder },
    outfile: join(folder, name),
    // Chunks that are loaded on demand keep their places and names.
    plugins: [{ name: "others", setup: (builder) => leaveOthers(builder, new Set(chunks)) }],
  });
  const names = chunks.map((chunk) => basename(chunk).replaceAll(".", "\\.")).join("|");
  const reference = new RegExp(`(["/])(${names})"`, "g");
  for (const chunk of chunks) rmSync(resolve(ROOT, chunk));
  for (const file of fastGlob.sync("**/*.js", { cwd: OUT, absolute: true })) {
    const text = readFileSync(file, "utf8").replaceAll(reference, `$1${name}"`);
    // A file imports many chunks only because they are loaded with others.
    const brief = text.replaceAll(new RegExp(`^import "[^"]*/${name}";\\n`, "gm"), "");
    writeFileSync(file, brief.includes(`/${name}"`) ? brief : text);
  }
}

function leaveOthers(builder: PluginBuild, chunks: ReadonlySet<string>): void {
  const names = new Set([...chunks].map((chunk) => basename(chunk)));
  builder.onResolve({ filter: /^\.\.?\// }, ({ path }) => {
    return names.has(basename(path)) ? undefined : { path, external: true };
  });
}

/** The licenses of the bundled libraries require that they accompany the code. */
function writeNotices(inputs: readonly string[]): void {
  const packages = new Set<string>();
  for (const input of inputs) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
    if (folder !== undefined) packages.add(folder);
  }
  const parts = [...packages].sort().map((folder) => {
    const name = folder.replace(/^.*node_modules\//, "");
    const [license] = fastGlob.sync(`${ROOT}${folder}/LICENSE*`);
    if (license === undefined) throw new Error(`${name} has no license`);
    const text = readFileSync(license, "utf8");
    return `This package contains code of ${name}:\n\n${text.trim()}\n`;
  });
  writeFileSync(join(OUT, "NOTICES.txt"), parts.join(`\n${"-".repeat(80)}\n\n`));
}

/** npm makes the files in `bin` executable, but a command may also be started from an unpacked package. */
function makeExecutable(): void {
  for (const command of COMMANDS) {
    const path = join(OUT, javaScriptName(command));
    writeFileSync(path, `#!/usr/bin/env node\n${readFileSync(path, "utf8")}`);
    chmodSync(path, 0o755);
  }
}

/** Writes the public declarations and those they need. Others would look like a part of the interface. */
function writeDeclarations(): void {
  const all = join(OUT, ".declarations");
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const args = ["-p", "tsconfig.build.json", "--outDir", all];
  const { status } = spawnSync(tsc, args, { cwd: ROOT, stdio: "inherit" });
  // The compiler has printed the reason, or was interrupted.
  if (status !== 0) process.exit(status ?? 130);
  const written = new Set<string>();
  for (const entry of PUBLIC) writeDeclaration(all, entry.replace(/\.ts$/, ".d.ts"), written);
  rmSync(all, { recursive: true });
}

/** Writes a declaration file and those it imports, which get the names that are imported at run time. */
function writeDeclaration(from: string, file: string, written: Set<string>): void {
  if (written.has(file)) return;
  written.add(file);
  let text = readFileSync(join(from, file), "utf8");
  const { importedFiles } = ts.preProcessFile(text, true, true);
  for (const { fileName, pos } of importedFiles.reverse()) {
    if (!fileName.startsWith(".")) continue;
    writeDeclaration(from, join(dirname(file), fileName.replace(/\.ts$/, ".d.ts")), written);
    const start = text.indexOf(fileName, pos);
    text = text.slice(0, start) + javaScriptName(fileName) + text.slice(start + fileName.length);
  }
  mkdirSync(dirname(join(OUT, file)), { recursive: true });
  writeFileSync(join(OUT, file), text);
}

/** An app whose source is copied into a project works there without a change. */
function copyAppSources(): void {
  for (const file of fastGlob.sync("mrapps/**/*.ts", { cwd: `${ROOT}src` })) {
    const source = readFileSync(`${ROOT}src/${file}`, "utf8");
    const target = join(OUT, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, source.replace(/"(\.\.\/)+mr\/index\.ts"/g, '"tsmr"'));
  }
}

/** Copies pages, styles, WebAssembly and plain JavaScript to where their modules look for them. */
function copyAssets(): void {
  const assets = fastGlob.sync("**/*", {
    cwd: `${ROOT}src`,
    ignore: ["**/*.ts", "**/tsconfig.json", "mr/kernel/assembly/**", THREAD],
  });
  for (const file of assets) cpSync(`${ROOT}src/${file}`, join(OUT, file));
}

/** Checks that base/assets.ts, whose relative URLs depend on its place, is two folders below `dist`. */
function checkAssets(): void {
  for (const file of fastGlob.sync("**/*.js", { cwd: OUT })) {
    const looksForRoot = /new URL\("[./]*", ?import\.meta\.url\)/.test(
      readFileSync(join(OUT, file), "utf8"),
    );
    if (looksForRoot && file.split("/").length !== 3) {
      throw new Error(`${file} would not find the root of the code: see src/mr/base/assets.ts`);
    }
  }
}

/** As CommonJS, which a thread loads faster than a module. */
async function writeThread(): Promise<void> {
  const { code } = await transform(readFileSync(`${ROOT}src/${THREAD}`, "utf8"), {
    ...SHORT,
    format: "cjs",
  });
  const target = join(OUT, THREAD.replace(/\.mjs$/, ".cjs"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
}

/**
 * Removes comments and white space, because a process that lives for a tenth of a second spends a tenth of that
 * on reading its code. Names and lines stay for stack traces.
 */
async function shorten(): Promise<void> {
  for (const file of fastGlob.sync("{main,mr}/**/*.js", { cwd: OUT, absolute: true })) {
    // The pages of the dashboard stay as they are in the sources.
    if (file.includes("/page/")) continue;
    const { code } = await transform(readFileSync(file, "utf8"), { ...SHORT, format: "esm" });
    writeFileSync(file, code);
  }
}

function javaScriptName(file: string): string {
  return file.replace(/\.ts$/, ".js");
}
