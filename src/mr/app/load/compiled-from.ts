import { existsSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { type Bundle, isMade } from "./bundle-app.ts";
import { type Config, readConfigs, targetsOf } from "./config-files.ts";
import { EXTENSIONS, PLUG_AND_PLAY } from "./foreign-files.ts";
import { isPath, isUrl, type MissingImport } from "./missing-imports.ts";
import { importedPackages, packageOf } from "./package-imports.ts";
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
  { metafile: { inputs }, missing }: Omit<Bundle, "code">,
  hash: (contents: Uint8Array) => string,
): CompiledFrom | undefined {
  const directory = dirname(source);
  const places = new Places(directory);
  places.add(source);
  const folders = new Set<string>();
  const specifiers = new Set<string>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    if (isMade(input)) continue;
    const file = resolve(directory, input);
    // `./d.ts?x` is read from d.ts, and `data:` from no file: such imports are not followed.
    if (!isFile(file)) return undefined;
    places.read(file);
    const folder = dirname(file);
    folders.add(folder);
    for (const { original: specifier, path, external } of imports) {
      if (isMade(path)) continue;
      if (external === true && (isBuiltin(path) || isUrl(path))) continue;
      if (external === true || specifier === undefined) return undefined;
      const target = resolve(directory, path);
      if (isPath(specifier)) {
        places.addFile(resolve(folder, specifier), target);
        if (!isAbsolute(specifier)) continue;
      }
      // Paths of a tsconfig.json may lead an absolute path elsewhere, too.
      specifiers.add(specifier);
      places.addStem(target);
      if (isPath(specifier)) continue;
      const packages = specifier.startsWith("#") ? importedPackages(folder) : [];
      if (packages === undefined) return undefined;
      for (const one of [{ folder, specifier }, ...packages]) {
        places.addPackage(one.folder, one.specifier);
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
  if (configs === undefined) return undefined;
  for (const config of configs) places.addConfig(config, specifiers);
  if (!missing.every((one) => places.addMissing(one, configs))) return undefined;
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
    const name = packageOf(specifier);
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
  addConfig(config: Config, specifiers: Iterable<string>): void {
    const { file } = config;
    this.read(file);
    if (existsSync(file)) this.#folders.add(dirname(file));
    for (const specifier of specifiers) {
      for (const path of targetsOf(config, specifier)) this.#addAlternatives(path);
    }
  }

  /**
   * An import that leads to nothing.
   *
   * @returns false when it may lead to something by rules that are not followed here
   */
  addMissing({ importer, specifier }: MissingImport, configs: readonly Config[]): boolean {
    const folder = dirname(importer);
    // Imports of a package.json, queries, and patterns.
    if (/[?#*]/.test(specifier)) return false;
    const targets = configs.flatMap((config) => targetsOf(config, specifier));
    if (isPath(specifier)) {
      const others = isAbsolute(specifier) ? targets : [];
      return [resolve(folder, specifier), ...others].every((path) => this.#addAbsent(path));
    }
    const name = packageOf(specifier);
    const homes = ancestors(folder).map((parent) => join(parent, "node_modules", name));
    // A package that is there may begin to export it, and a package may import itself by its name.
    if (homes.some((home) => lstatIfThere(home) !== undefined)) return false;
    if (ancestors(folder).some((parent) => nameIn(join(parent, "package.json")) === name)) {
      return false;
    }
    this.addPackage(folder, specifier);
    return targets.every((path) => this.#addAbsent(path));
  }

  /** @returns false when there is something, for example a folder without a module */
  #addAbsent(path: string): boolean {
    this.#addAlternatives(path);
    return lstatIfThere(path) === undefined;
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

/** The files that a package.json names as its main ones, with or without an extension. */
function mainsOf(manifest: string): string[] {
  const { main, module } = membersOf(manifest);
  return [main, module].filter((name) => typeof name === "string");
}

/** The name of the package that a package.json describes, if it has one. */
function nameIn(manifest: string): unknown {
  return membersOf(manifest)["name"];
}

function membersOf(manifest: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readRegularFile(manifest).toString()));
  } catch {
    // There is none, or it has mistakes, which the bundler has reported.
    return {};
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
