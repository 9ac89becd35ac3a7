import { existsSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import type { Metafile } from "esbuild";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { REQUIRED } from "./bundle-app.ts";
import { type Config, readConfigs } from "./config-files.ts";
import { PLUG_AND_PLAY } from "./foreign-files.ts";
import { ancestors } from "./trusted-folder.ts";

/**
 * The files that a bundle was made from, and the places that were looked at to find them. A bundle is made again
 * when one of them has another state: the same source may lead to another file.
 */
export interface CompiledFrom {
  /** The hash of each file that was read; of a file that may appear, {@link NOTHING}. */
  readonly contents: Readonly<Record<string, string>>;
  /** Of each place: {@link NOTHING}, or the path that it leads to. */
  readonly places: Readonly<Record<string, string>>;
  /** Owner and permissions of each folder on which it depends whether its settings count. */
  readonly folders: Readonly<Record<string, string>>;
}

const NOTHING = "";

/** What the bundler appends to an import without an extension. */
const EXTENSIONS = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"];
/** What the bundler takes for a file with this extension that does not exist. */
const REWRITTEN: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/**
 * Lists what a bundle depends on, in its state of now.
 *
 * @param source path of the app
 * @returns undefined when that is not known, so that the bundle may be used once only: some settings lead to
 *   files in ways that are not followed here
 */
export function compiledFrom(
  source: string,
  { inputs }: Metafile,
  hash: (contents: Uint8Array) => string,
): CompiledFrom | undefined {
  const directory = dirname(source);
  const places = new Places(directory);
  places.add(source);
  const folders = new Set<string>();
  const specifiers = new Set<string>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    if (input.startsWith(`${REQUIRED}:`)) continue;
    const file = resolve(directory, input);
    // `./d.ts?x` is read from d.ts, and `data:` from no file: such imports are not followed.
    if (!isFile(file)) return undefined;
    places.read(file);
    const folder = dirname(file);
    folders.add(folder);
    for (const { original: specifier, path, external } of imports) {
      if (path.startsWith(`${REQUIRED}:`)) continue;
      if (external === true && (isBuiltin(path) || /^[a-z]+:/.test(path))) continue;
      // The import was left as it is. Where it may lead once something is there, as in `try { require("./local") }`,
      // depends on more rules than those that are followed here.
      if (external === true || specifier === undefined) return undefined;
      const target = resolve(directory, path);
      if (/^\.{0,2}(\/|$)/.test(specifier)) places.addFile(resolve(folder, specifier), target);
      else {
        specifiers.add(specifier);
        places.addStem(target);
        places.addPackage(folder, specifier);
      }
    }
  }
  const parents = new Set([...folders].flatMap(ancestors));
  for (const parent of parents) {
    places.read(join(parent, "package.json"));
    for (const name of PLUG_AND_PLAY) places.add(join(parent, name));
  }
  // The bundler reads no settings of packages.
  const own = [...parents].filter((parent) => !parent.split(sep).includes("node_modules"));
  const configs = readConfigs(own);
  if (configs === undefined || process.env["NODE_PATH"] !== undefined) return undefined;
  for (const config of configs) places.addConfig(config, specifiers);
  const from = places.states(hash);
  const isPlugAndPlay = PLUG_AND_PLAY.some((name) => {
    return [...parents].some((parent) => from.places[join(parent, name)] !== NOTHING);
  });
  return isPlugAndPlay ? undefined : from;
}

/** Whether all files and places are as they were. */
export function isUnchanged(
  { contents, places, folders }: CompiledFrom,
  hash: (contents: Uint8Array) => string,
): boolean {
  return (
    Object.entries(folders).every(([path, state]) => permissionsOf(path) === state) &&
    Object.entries(places).every(([path, state]) => placeOf(path) === state) &&
    Object.entries(contents).every(([path, state]) => contentsOf(path, hash) === state)
  );
}

/** Collects files and places. */
class Places {
  readonly #files = new Set<string>();
  readonly #places = new Set<string>();
  readonly #folders = new Set<string>();

  /** @param folder that of the app */
  constructor(folder: string) {
    this.#folders.add(folder);
  }

  /** A place that was looked at. */
  add(path: string): void {
    this.#places.add(path);
  }

  /** A file that was read, if it is there. */
  read(path: string): void {
    this.#files.add(path);
    this.#places.add(path);
  }

  /** An import of `path`, which may lack its extension or be a folder, and led to `target`. */
  addFile(path: string, target: string): void {
    this.add(path);
    // Nothing comes before a file of just this name.
    if (path !== target && placeOf(path) !== target) this.#addAlternatives(path);
  }

  /** A file that a package or a setting led to, maybe without naming its extension. */
  addStem(path: string): void {
    const extension = extname(path);
    const stem = path.slice(0, path.length - extension.length);
    this.#addAlternatives(stem);
    for (const rewritten of Object.keys(REWRITTEN)) this.add(stem + rewritten);
    if (stem.endsWith(`${sep}index`)) this.#addAlternatives(dirname(stem));
  }

  /** An import of a package, from a file in `folder`. */
  addPackage(folder: string, specifier: string): void {
    const [first = "", second = ""] = specifier.split("/");
    const name = first.startsWith("@") ? `${first}/${second}` : first;
    for (const parent of ancestors(folder)) {
      const modules = join(parent, "node_modules");
      this.add(modules);
      if (!existsSync(modules)) continue;
      const home = join(modules, name);
      this.read(join(home, "package.json"));
      this.#addAlternatives(home);
      if (specifier !== name) this.#addAlternatives(join(modules, specifier));
      for (const main of mainsOf(join(home, "package.json"))) {
        this.#addAlternatives(join(home, main));
      }
    }
  }

  /** A tsconfig.json, whose paths may lead anywhere. */
  addConfig({ file, base, paths }: Config, specifiers: Iterable<string>): void {
    this.read(file);
    if (existsSync(file)) this.#folders.add(dirname(file));
    for (const specifier of specifiers) {
      if (base !== undefined) this.#addAlternatives(resolve(base.directory, specifier));
      for (const [pattern, targets] of Object.entries(paths?.targets ?? {})) {
        const star = matchOf(pattern, specifier);
        if (star === undefined) continue;
        for (const target of targets) {
          const path = target.replace("*", () => star);
          this.#addAlternatives(isAbsolute(path) ? path : resolve(paths?.directory ?? "", path));
        }
      }
    }
  }

  /** All that an import of `path` may lead to. */
  #addAlternatives(path: string): void {
    const extension = extname(path);
    const stem = path.slice(0, path.length - extension.length);
    this.add(path);
    for (const added of EXTENSIONS) this.add(path + added);
    for (const other of REWRITTEN[extension] ?? []) this.add(stem + other);
    if (!existsSync(path)) return;
    this.read(join(path, "package.json"));
    for (const added of EXTENSIONS) this.add(join(path, `index${added}`));
    for (const main of mainsOf(join(path, "package.json"))) {
      for (const added of ["", ...EXTENSIONS]) this.add(join(path, main + added));
    }
  }

  states(hash: (contents: Uint8Array) => string): CompiledFrom {
    const all = (paths: Iterable<string>, stateOf: (path: string) => string) =>
      Object.fromEntries([...paths].map((path) => [path, stateOf(path)]));
    return {
      contents: all(this.#files, (path) => contentsOf(path, hash)),
      places: all(this.#places, placeOf),
      folders: all(this.#folders, permissionsOf),
    };
  }
}

/** What `*` stands for in a pattern; undefined if it does not match. */
function matchOf(pattern: string, specifier: string): string | undefined {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return pattern === specifier ? "" : undefined;
  const isMatch = specifier.startsWith(before) && specifier.endsWith(after);
  return isMatch ? specifier.slice(before.length, specifier.length - after.length) : undefined;
}

/** The files that a package.json names as its main ones, with or without an extension. */
function mainsOf(manifest: string): string[] {
  try {
    const { main, module } = JSON.parse(readRegularFile(manifest).toString());
    return [main, module].filter((name) => typeof name === "string");
  } catch {
    // There is none, or it has mistakes, which the bundler has reported.
    return [];
  }
}

function contentsOf(path: string, hash: (contents: Uint8Array) => string): string {
  try {
    return hash(readRegularFile(path));
  } catch {
    // It is missing or cannot be read: the bundler has found the same.
    return NOTHING;
  }
}

function isFile(path: string): boolean {
  return statIfThere(path)?.isFile() === true;
}

function permissionsOf(folder: string): string {
  const stats = statIfThere(folder);
  return stats === undefined ? NOTHING : `${stats.uid} ${stats.gid} ${stats.mode}`;
}

/** Where a path leads. */
function placeOf(path: string): string {
  try {
    if (lstatIfThere(path) === undefined) return NOTHING;
    return realpathSync.native(path);
  } catch {
    // A link that leads nowhere.
    return NOTHING;
  }
}
