import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import type { Metafile } from "esbuild";
import { appCacheDir, publish, removeOld, sha256 } from "./app-cache.ts";
import { type Bundle, bundleApp, isMade, PUBLIC_FACE } from "./bundle-app.ts";
import { type CompiledFrom, compiledFrom, isUnchanged } from "./compiled-from.ts";
import { CONFIG_NAMES } from "./config-files.ts";
import { createdRequires } from "./created-requires.ts";
import { isShippedApp } from "./find-app.ts";
import { checkPackages, checkSettingsAbove, isIrregular } from "./foreign-files.ts";
import { nodeConditions } from "./node-conditions.ts";
import { publishRequiredFiles } from "./required-files.ts";
import { ancestors, isExposed, isTrusted } from "./trusted-folder.ts";

/** An app as one JavaScript module on disk, ready to be imported by any number of workers. */
export interface CompiledApp {
  readonly path: string;
  /** SHA-256 of its code, 64 hex digits: two workers run the same app if and only if it is equal. */
  readonly digest: string;
}

/** An earlier compilation, valid while everything that it was made from is the same. */
interface CacheEntry extends CompiledApp {
  readonly from: CompiledFrom;
}

/** Changes whenever the same source would compile to different code. */
const COMPILER_REVISION = "11";

/**
 * Compiles an app and its imports into one module, whose digest so covers them all. It also covers what the app loads
 * by `createRequire`, which is not part of the module. The result is cached under a
 * name made of its hash, so that workers that start later only read a few files.
 *
 * @throws MrError with the compiler's first message (file, line and column) when it does not compile
 */
export async function compileApp(source: string): Promise<CompiledApp> {
  // In the built package. The names of its imports contain hashes of their contents, so its digest covers them.
  const isCompiled = extname(source) === ".js" && isShippedApp(source);
  if (isCompiled) return { path: source, digest: sha256(readFileSync(source)) };
  const dir = appCacheDir();
  const parts = [source, PUBLIC_FACE, COMPILER_REVISION, ...nodeConditions()];
  const entryPath = join(dir, `${sha256(parts.join("\n"))}.json`);
  const cached = readEntry(entryPath);
  if (cached !== undefined) return cached;

  removeOld(dir);
  const first = await bundle(source);
  const from = compiledFrom(source, first, sha256);
  // The second bundle is that of the state in `from`, if that lasts until it is made: a file may be saved, or a
  // package installed, while the first one is made.
  const { code } = from === undefined ? first : await bundle(source);
  const required = await createdRequires(source, filesOf(source, first.metafile));
  for (const input of required?.inputs ?? []) {
    checkPackages(source, dirname(resolve(dirname(source), input)));
  }
  const ofCode = sha256(code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ""));
  const digest = required === undefined ? ofCode : sha256(`${ofCode}\n${required.digest}`);
  const path = join(dir, `${basename(source, extname(source))}-${digest.slice(0, 16)}.mjs`);
  publish(path, code);
  if (required !== undefined) {
    const files = required.inputs.map((input) => resolve(dirname(source), input));
    publishRequiredFiles(path, files);
  }
  const compiled: CompiledApp = { path, digest };
  // An import by a pattern depends on all that is in a folder.
  const isKnown =
    from !== undefined &&
    required === undefined &&
    code === first.code &&
    !code.includes("__glob({");
  if (isKnown && isUnchanged(from, sha256)) {
    publish(entryPath, JSON.stringify({ ...compiled, from } satisfies CacheEntry));
  }
  return compiled;
}

/**
 * Bundles an app without the tsconfig.json of another user, or one that the bundler can't read.
 *
 * @throws MrError when it does not compile, or depends on other files of another user
 */
async function bundle(source: string): Promise<Bundle> {
  checkSettingsAbove(source, dirname(source));
  const bundled = await bundleWithConfigs(source);
  const folders = new Set(filesOf(source, bundled.metafile).map((file) => dirname(file)));
  for (const folder of folders) {
    checkSettingsAbove(source, folder);
    checkPackages(source, folder);
  }
  return bundled;
}

async function bundleWithConfigs(source: string): Promise<Bundle> {
  if (hasForeignConfig(source, dirname(source))) return await bundleApp(source, true);
  let bundled: Bundle;
  try {
    bundled = await bundleApp(source, false);
  } catch (error) {
    if (nearestConfig(dirname(source)) === undefined) throw error;
    return await bundleApp(source, true).catch(() => Promise.reject(error));
  }
  const isForeign = foldersOf(source, bundled.metafile).some((folder) => {
    return hasForeignConfig(source, folder);
  });
  return isForeign ? await bundleApp(source, true) : bundled;
}

function filesOf(source: string, { inputs }: Metafile): string[] {
  const files = Object.keys(inputs).filter((input) => !isMade(input));
  return files.map((input) => resolve(dirname(source), input));
}

/** The folders of an app's own files. The bundler reads no settings of packages. */
function foldersOf(source: string, metafile: Metafile): string[] {
  const folders = new Set(filesOf(source, metafile).map((file) => dirname(file)));
  return [...folders].filter((folder) => !folder.split(sep).includes("node_modules"));
}

function hasForeignConfig(source: string, folder: string): boolean {
  const place = nearestConfig(folder);
  if (place === undefined) return false;
  const isForeign = !isTrusted(place, source) && !isExposed(source);
  // The bundler would wait for a FIFO.
  return isForeign || CONFIG_NAMES.some((name) => isIrregular(join(place, name)));
}

/** The folder of the settings that count in a folder. */
function nearestConfig(folder: string): string | undefined {
  return ancestors(folder).find((parent) => {
    return CONFIG_NAMES.some((name) => existsSync(join(parent, name)));
  });
}

function readEntry(entryPath: string): CompiledApp | undefined {
  try {
    const { path, digest, from } = JSON.parse(readFileSync(entryPath, "utf8")) as CacheEntry;
    return isUnchanged(from, sha256) && existsSync(path) ? { path, digest } : undefined;
  } catch {
    // Never compiled, or incomplete: compiling again corrects it.
    return undefined;
  }
}
