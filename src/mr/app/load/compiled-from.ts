import { existsSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { type Bundle, isMade } from "./bundle-app.ts";
import { type Config, readConfigs, targetsOf } from "./config-files.ts";
import { EXTENSIONS, PLUG_AND_PLAY } from "./foreign-files.ts";
import { isPath, isUrl, type MissingImport } from "./missing-imports.ts";
import { exportTargets, importTargets, manifestAt, packageOf } from "./package-imports.ts";
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
  const modules = Object.entries(inputs).filter(([input]) => !isMade(input));
  const files = modules.map(([input]) => resolve(directory, input));
  // `./d.ts?x` is read from d.ts, and `data:` from no file: such imports are not followed.
  if (!files.every(isFile)) return undefined;
  for (const file of files) places.read(file);
  const parents = new Set([...new Set(files.map((file) => dirname(file)))].flatMap(ancestors));
  for (const parent of parents) {
    places.read(join(parent, "package.json"));
    for (const name of PLUG_AND_PLAY) places.add(join(parent, name));
  }
  // The bundler reads no settings of packages.
  const own = [...parents].filter((parent) => !parent.split(sep).includes("node_modules"));
  const configs = readConfigs(own);
  if (configs === undefined) return undefined;
  for (const config of configs) places.addConfig(config);
  for (const [input, { imports }] of modules) {
    const folder = dirname(resolve(directory, input));
    for (const { original: specifier, path, external } of imports) {
      if (isMade(path)) continue;
      if (external === true && (isBuiltin(path) || isUrl(path))) continue;
      if (external === true || specifier === undefined) return undefined;
      // The bundler found the module in a way that is not followed here.
      if (!places.addImport({ folder, specifier }, resolve(directory, path), configs)) {
        return undefined;
      }
    }
  }
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

/** An import of a module in `folder`. */
interface Import {
  readonly folder: string;
  readonly specifier: string;
}

/** Collects files and places. */
class Places {
  readonly #files = new Set<string>();
  readonly #places = new Set<string>();
  readonly #folders = new Set<string>();
  /** What {@link Places.#addAlternatives} has added for each path. */
  readonly #alternatives = new Map<string, Set<string>>();
  /** Where each place leads. */
  readonly #led = new Map<string, string>();

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

  /**
   * An import, with all places that may decide where it leads to.
   *
   * @param target the file that it led to, by its path without links
   * @returns false when none of the places leads there
   */
  addImport({ folder, specifier }: Import, target: string, configs: readonly Config[]): boolean {
    const given = isPath(specifier) ? [resolve(folder, specifier)] : [];
    const isRelative = isPath(specifier) && !isAbsolute(specifier);
    for (const path of given) {
      this.add(path);
      // Nothing comes before a file of just this name.
      if (isRelative && placeOf(path) === target) return true;
    }
    if (isRelative) return given.some((path) => this.#addAlternatives(path, target));
    // Paths of a tsconfig.json may lead an absolute path elsewhere, too.
    const named = configs.flatMap((config) => targetsOf(config, specifier));
    const isLed = [...given, ...named].map((path) => this.#addAlternatives(path, target));
    const isFound = !isPath(specifier) && this.#addPackage({ folder, specifier }, target);
    return isFound || isLed.includes(true);
  }

  /** @returns whether one of the places leads to the target */
  #addPackage({ folder, specifier }: Import, target: string): boolean {
    if (specifier.startsWith("#")) {
      const found = importTargets(folder, specifier).map((one) => {
        if (isPath(one.target)) return this.#addAlternatives(join(one.folder, one.target), target);
        return this.#addPackage({ folder: one.folder, specifier: one.target }, target);
      });
      return found.includes(true);
    }
    const name = packageOf(specifier);
    const found = ancestors(folder).flatMap((parent) => {
      const own = join(parent, "package.json");
      // A package may import itself by its name.
      const paths = manifestAt(own)["name"] === name ? exportTargets(own, specifier) : [];
      const modules = join(parent, "node_modules");
      this.add(modules);
      if (existsSync(modules)) {
        const manifest = join(modules, name, "package.json");
        this.read(manifest);
        paths.push(join(modules, name), join(modules, specifier));
        paths.push(...exportTargets(manifest, specifier));
      }
      return paths.map((path) => this.#addAlternatives(path, target));
    });
    return found.includes(true);
  }

  /** A tsconfig.json. */
  addConfig({ file }: Config): void {
    this.read(file);
    if (existsSync(file)) this.#folders.add(dirname(file));
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
    if (
      ancestors(folder).some((parent) => manifestAt(join(parent, "package.json"))["name"] === name)
    ) {
      return false;
    }
    this.#addPackage({ folder, specifier }, NOTHING);
    return targets.every((path) => this.#addAbsent(path));
  }

  /** @returns false when there is something, for example a folder without a module */
  #addAbsent(path: string): boolean {
    this.#addAlternatives(path, NOTHING);
    return lstatIfThere(path) === undefined;
  }

  /**
   * All that an import of `path` may lead to, which may lack its extension, have another one, or be a folder.
   *
   * @returns whether one of the places leads to the target
   */
  #addAlternatives(path: string, target: string): boolean {
    const known = this.#alternatives.get(path);
    const places = known ?? new Set();
    if (known === undefined) {
      listAlternatives(path, places);
      for (const place of places) {
        if (place.endsWith(`${sep}package.json`)) this.read(place);
        else this.add(place);
      }
      this.#alternatives.set(path, places);
    }
    return target !== NOTHING && [...places].some((place) => this.#placeOf(place) === target);
  }

  #placeOf(path: string): string {
    const known = this.#led.get(path);
    if (known !== undefined) return known;
    const place = placeOf(path);
    this.#led.set(path, place);
    return place;
  }

  states(hash: (contents: Uint8Array) => string): CompiledFrom {
    const all = (paths: Iterable<string>, stateOf: (path: string) => string) =>
      Object.fromEntries([...paths].map((path) => [path, stateOf(path)]));
    return {
      contents: all(this.#files, (path) => contentsOf(path, hash)),
      places: all(this.#places, (path) => this.#placeOf(path)),
      folders: all(this.#folders, permissionsOf),
    };
  }
}

/** Adds all places that are looked at for an import of `path`. */
function listAlternatives(path: string, places: Set<string>): void {
  // A main folder may name itself.
  if (places.has(path)) return;
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  places.add(path);
  for (const added of EXTENSIONS) places.add(path + added);
  for (const other of REWRITTEN[extension] ?? []) places.add(stem + other);
  if (!existsSync(path)) return;
  const manifest = join(path, "package.json");
  places.add(manifest);
  for (const added of EXTENSIONS) places.add(join(path, `index${added}`));
  const { main, module } = manifestAt(manifest);
  for (const name of [main, module]) {
    if (typeof name === "string") listAlternatives(join(path, name), places);
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
