import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, BuildResult, ImportKind, Plugin } from "esbuild";
import { assetPath, CODE_EXTENSION, PACKAGE_ROOT } from "../../base/assets.ts";
import { makeDirectory, runtimeDir } from "../../base/directories.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { isShippedApp } from "./find-app.ts";

/** An app as one JavaScript module on disk, ready to be imported by any number of workers. */
export interface CompiledApp {
  readonly path: string;
  /** SHA-256 of its code, 64 hex digits: two workers run the same app if and only if it is equal. */
  readonly digest: string;
}

/** An earlier compilation and its sources: valid while the hash of every source is the same. */
interface CacheEntry extends CompiledApp {
  readonly sources: Readonly<Record<string, string>>;
}

const PUBLIC_FACE = assetPath(`mr/index${CODE_EXTENSION}`);
const TESTING_FACE = assetPath(`mr/testing/index${CODE_EXTENSION}`);
/** The namespace of this library as CommonJS gets it. */
const REQUIRED = "tsmr-required";
/** Changes whenever the same source would compile to different code. */
const COMPILER_REVISION = "3";
/** A file that is removed although it is still in use is made again when it is needed. */
const KEPT_DAYS = 7;

/**
 * Compiles an app and its imports into one module. The result is cached under a name made of its hash, so that
 * workers that start later only read a few files.
 *
 * Bundling makes the digest cover the files that the app imports. The only import left in place is this library,
 * so that the app and the worker share it.
 *
 * @throws MrError with the compiler's first message (file, line and column) when it does not compile
 */
export async function compileApp(source: string): Promise<CompiledApp> {
  // In the built package. The names of its imports contain hashes of their contents, so its digest covers them.
  const isCompiled = extname(source) === ".js" && isShippedApp(source);
  if (isCompiled) return { path: source, digest: sha256(readFileSync(source)) };
  const dir = appCacheDir();
  const entryPath = join(dir, `${sha256(`${source}\n${PUBLIC_FACE}\n${COMPILER_REVISION}`)}.json`);
  const cached = readEntry(entryPath);
  if (cached !== undefined) return cached;

  removeOld(dir);
  const result = await bundle(source);
  const code = result.outputFiles?.[0]?.text ?? "";
  const digest = sha256(code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ""));
  const path = join(dir, `${basename(source, extname(source))}-${digest.slice(0, 16)}.mjs`);
  const sources: Record<string, string> = {};
  for (const input of Object.keys(result.metafile?.inputs ?? {})) {
    if (input.startsWith(`${REQUIRED}:`)) continue;
    const file = resolve(dirname(source), input);
    sources[file] = sha256(readFileSync(file));
  }
  publish(path, code);
  const entry: CacheEntry = { path, digest, sources };
  publish(entryPath, JSON.stringify(entry));
  return entry;
}

async function bundle(source: string): Promise<BuildResult> {
  // The compiler takes longer to load than all other modules of a worker together.
  const { build } = await import("esbuild");
  try {
    return await build({
      entryPoints: [source],
      absWorkingDir: dirname(source),
      // Nothing is written there, but paths in the source map are relative to it.
      outdir: dirname(source),
      sourceRoot: pathToFileURL(`${dirname(source)}/`).href,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: "inline",
      sourcesContent: false,
      logLevel: "silent",
      plugins: [shareThisLibrary],
      define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
      // Packages written as CommonJS call `require`, which a module does not have.
      banner: {
        js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(source)});`,
      },
    });
  } catch (error) {
    throw new MrError(
      "APP_NOT_COMPILED",
      `Cannot compile app "${source}": ${compilerMessage(error)}`,
    );
  }
}

/** Leaves imports of this library, by package name or by path, as imports of the running copy. */
const shareThisLibrary: Plugin = {
  name: "share-this-library",
  setup(build) {
    // A module can't be required from a file URL: a module that imports it re-exports its exports.
    const share = (path: string, kind: ImportKind) => {
      const { href } = pathToFileURL(path);
      if (kind !== "require-call") return { path: href, external: true };
      return { path: href, namespace: REQUIRED };
    };
    build.onLoad({ filter: /^/, namespace: REQUIRED }, ({ path }) => {
      return { contents: `export * from ${JSON.stringify(path)};` };
    });
    build.onResolve({ filter: /^/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }));
    build.onResolve({ filter: /^tsmr$/ }, ({ kind }) => share(PUBLIC_FACE, kind));
    build.onResolve({ filter: /^tsmr\/testing$/ }, ({ kind }) => share(TESTING_FACE, kind));
    build.onResolve({ filter: /\/mr\/index\.[jt]s$/ }, ({ path, resolveDir, kind }) => {
      const target = resolve(resolveDir, path);
      const isOurs = ["src", "dist"].some((root) => {
        return dirname(target) === join(PACKAGE_ROOT, root, "mr");
      });
      return isOurs ? share(PUBLIC_FACE, kind) : null;
    });
  },
};

function compilerMessage(error: unknown): string {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) return describeCause(error);
  const { location, text } = first;
  if (location === null) return text;
  return `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}

function readEntry(entryPath: string): CacheEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(entryPath, "utf8")) as CacheEntry;
    for (const [file, hash] of Object.entries(entry.sources)) {
      if (sha256(readFileSync(file)) !== hash) return undefined;
    }
    readFileSync(entry.path);
    return entry;
  } catch {
    // Never compiled, incomplete, or a source was deleted: compiling again reports or corrects it.
    return undefined;
  }
}

/** The directory of compiled and checked apps, created on first use. */
export function appCacheDir(): string {
  const dir = join(runtimeDir(), "apps");
  makeDirectory(dir, 0o700);
  return dir;
}

/** Removes old files: each version of each app leaves some. */
function removeOld(dir: string): void {
  const oldestMs = Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000;
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && stats.mtimeMs < oldestMs) rmSync(path, { force: true });
  }
}

/** Publishes a file atomically. Several processes may publish the same one at once. */
export function publish(path: string, contents: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents, { mode: 0o600 });
  renameSync(temporary, path);
}

export function sha256(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex");
}
