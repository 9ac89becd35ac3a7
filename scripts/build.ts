/**
 * Makes `dist`, what the package publishes: JavaScript by the bundler, type declarations by the
 * compiler, the shipped apps as sources to read, and whatever a module reads at run time.
 *
 *     npm run build
 *     npx tsx scripts/build.ts --out DIR    elsewhere, to leave a build that is in use alone
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import fastGlob from "fast-glob";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { values: options } = parseArgs({ options: { out: { type: "string", default: "dist" } } });
const OUT = resolve(ROOT, options.out);

/** What the package's `exports` name. */
const PUBLIC = fastGlob.sync(["mr/index.ts", "mr/testing/index.ts"], { cwd: `${ROOT}src` });
/** What is started as a process of its own. */
const COMMANDS = fastGlob.sync("main/{mr*,tsmr}.ts", { cwd: `${ROOT}src` });
const APPS = fastGlob.sync("mrapps/*.ts", { cwd: `${ROOT}src` });

rmSync(OUT, { recursive: true, force: true });
await bundle();
makeExecutable();
writeDeclarations();
copyAppSources();
copyAssets();
checkAssets();

/**
 * Bundled, because a job starts several processes and each pays for every file it loads: in pieces, a
 * worker takes three times as long to load.
 */
async function bundle(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...PUBLIC, "mr/worker/worker-process.ts", ...COMMANDS, ...APPS].map((file) => {
      return `src/${file}`;
    }),
    outbase: "src",
    outdir: OUT,
    // Two folders deep, like the sources: files that are found relative to a module stay where they are.
    chunkNames: "mr/chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
  });
}

/** npm makes what `bin` names executable, but a command may also be started from where it was unpacked. */
function makeExecutable(): void {
  for (const command of COMMANDS) {
    const path = join(OUT, javaScriptName(command));
    writeFileSync(path, `#!/usr/bin/env node\n${readFileSync(path, "utf8")}`);
    chmodSync(path, 0o755);
  }
}

/** Writes the declarations that the public ones need, and no others: they would be taken for public. */
function writeDeclarations(): void {
  const all = join(OUT, ".declarations");
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const args = ["-p", "tsconfig.build.json", "--outDir", all];
  const { status } = spawnSync(tsc, args, { cwd: ROOT, stdio: "inherit" });
  // The compiler has said what is wrong, or somebody has pressed Ctrl-C.
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

/** Copied into a project, such a file works there as it is. */
function copyAppSources(): void {
  for (const file of fastGlob.sync("mrapps/**/*.ts", { cwd: `${ROOT}src` })) {
    const source = readFileSync(`${ROOT}src/${file}`, "utf8");
    const target = join(OUT, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, source.replace(/"(\.\.\/)+mr\/index\.ts"/g, '"tsmr"'));
  }
}

/** Pages, styles, WebAssembly, plain JavaScript: what isn't compiled is where its module looks for it. */
function copyAssets(): void {
  const assets = fastGlob.sync("**/*", {
    cwd: `${ROOT}src`,
    ignore: ["**/*.ts", "**/tsconfig.json", "mr/kernel/assembly/**"],
  });
  for (const file of assets) cpSync(`${ROOT}src/${file}`, join(OUT, file));
}

/**
 * Where the bundler puts a module decides what its relative URLs mean. They are written for a place two
 * folders deep: `new URL("../kernel/kernel.wasm", import.meta.url)`.
 */
function checkAssets(): void {
  for (const file of fastGlob.sync("**/*.js", { cwd: OUT, absolute: true })) {
    const text = readFileSync(file, "utf8");
    const urls = text.matchAll(/new URL\((["`])(.+?)\1, import\.meta\.url\)/g);
    for (const [, , target = ""] of urls) {
      // Of a name that is put together, the folder is what can be checked.
      const known = target.replace(/[^/]*\$\{.*$/, "");
      if (existsSync(resolve(dirname(file), known))) continue;
      throw new Error(`${file} looks for "${target}", which is not there: see checkAssets`);
    }
  }
}

function javaScriptName(file: string): string {
  return file.replace(/\.ts$/, ".js");
}
