import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { statIfThere } from "../../base/file-status.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { matchOf } from "./package-imports.ts";
import { ancestors } from "./trusted-folder.ts";

/** A tsconfig.json, as far as it says where imports lead to. */
export interface Config {
  readonly file: string;
  /** `baseUrl`, if it has one. */
  readonly base: { readonly directory: string } | undefined;
  /** `paths`, if it has them, and the folders that they may be relative to. */
  readonly paths:
    | {
        readonly directories: readonly string[];
        readonly targets: Readonly<Record<string, readonly string[]>>;
      }
    | undefined;
}

/** The names of such files. */
export const CONFIG_NAMES = ["tsconfig.json", "jsconfig.json"] as const;

/**
 * Reads the configurations in some folders, and all that they extend. Those that do not exist, but may, are
 * listed without settings.
 *
 * @returns undefined when one cannot be followed
 */
export function readConfigs(folders: Iterable<string>): Config[] | undefined {
  const found = new Map<string, Config>();
  const todo = [...folders].flatMap((folder) => CONFIG_NAMES.map((name) => join(folder, name)));
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (found.has(file)) continue;
    found.set(file, noneIn(file));
    if (!existsSync(file)) continue;
    const config = readConfig(file);
    if (config === undefined) return undefined;
    found.set(file, config);
    for (const name of config.extended) {
      const candidates = candidatesOf(name, dirname(file));
      if (!candidates.some((path) => existsSync(path))) return undefined;
      todo.push(...candidates);
      const manifests = manifestsOf(name, dirname(file));
      if (manifests.some((path) => leadsElsewhere(path))) return undefined;
      for (const path of manifests) found.set(path, noneIn(path));
    }
  }
  const configs = [...found.values()];
  // A configuration may extend one with `baseUrl`, or be extended by one: `paths` are relative to that then.
  const bases = configs.flatMap(({ base }) => (base === undefined ? [] : [base.directory]));
  return configs.map(({ file, base, paths }) => {
    if (paths === undefined) return { file, base, paths };
    const directories = [...new Set([...paths.directories, ...bases])];
    return { file, base, paths: { ...paths, directories } };
  });
}

/** A file without settings that say where imports lead to. */
function noneIn(file: string): Config {
  return { file, base: undefined, paths: undefined };
}

function readConfig(file: string): (Config & { readonly extended: readonly string[] }) | undefined {
  try {
    const text = readRegularFile(file).toString();
    // Since TypeScript 5.5, it stands for the folder of the configuration that extends this one.
    if (/\$\{configDir\}/.test(text)) return undefined;
    const { extends: base = [], compilerOptions = {} } = JSON.parse(withoutComments(text)) ?? {};
    const { baseUrl, paths } = compilerOptions;
    const directory = resolve(dirname(file), baseUrl ?? ".");
    return {
      file,
      base: baseUrl === undefined ? undefined : { directory },
      paths: paths === undefined ? undefined : { directories: [directory], targets: paths },
      extended: [base].flat(),
    };
  } catch {
    // Unreadable, or with mistakes.
    return undefined;
  }
}

/** The paths that the settings of a tsconfig.json make of an import of a package. */
export function targetsOf({ base, paths }: Config, specifier: string): string[] {
  const found = base === undefined ? [] : [resolve(base.directory, specifier)];
  for (const [pattern, targets] of Object.entries(paths?.targets ?? {})) {
    const star = matchOf(pattern, specifier);
    if (star === undefined) continue;
    for (const target of targets) {
      const path = target.replace("*", () => star);
      const directories = isAbsolute(path) ? ["/"] : (paths?.directories ?? []);
      found.push(...directories.map((directory) => resolve(directory, path)));
    }
  }
  return found;
}

/** The files that `extends` may mean. */
function candidatesOf(name: string, folder: string): string[] {
  const places = isPath(name)
    ? [resolve(folder, name)]
    : ancestors(folder).map((parent) => join(parent, "node_modules", name));
  return places.flatMap((place) =>
    [`${place}.json`, join(place, "tsconfig.json")].concat(
      // A folder is no file to read.
      statIfThere(place)?.isDirectory() === true ? [] : [place],
    ),
  );
}

/** The package.json of a package that `extends` may mean, in each folder that may have it. */
function manifestsOf(name: string, folder: string): string[] {
  if (isPath(name)) return [];
  const [first = "", second = ""] = name.split("/");
  const home = first.startsWith("@") ? join(first, second) : first;
  return ancestors(folder).map((parent) => join(parent, "node_modules", home, "package.json"));
}

/** Whether a package.json decides which file `extends` means, by rules that are not followed here. */
function leadsElsewhere(manifest: string): boolean {
  if (!existsSync(manifest)) return false;
  try {
    const settings: unknown = JSON.parse(readRegularFile(manifest).toString());
    return ["exports", "tsconfig"].some((member) => Object.hasOwn(Object(settings), member));
  } catch {
    // Unreadable, or with mistakes.
    return true;
  }
}

function isPath(name: string): boolean {
  return name.startsWith(".") || isAbsolute(name);
}

/** JSON without the comments and the trailing commas that a tsconfig.json may have. */
export function withoutComments(text: string): string {
  return text
    .replace(/^\ufeff/, "")
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string) => string ?? " ")
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g, (_, string) => string ?? "");
}
