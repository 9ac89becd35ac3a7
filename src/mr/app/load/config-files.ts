import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { readRegularFile } from "../../base/open-file.ts";
import { ancestors } from "./trusted-folder.ts";

/** A tsconfig.json, as far as it says where imports lead to. */
export interface Config {
  readonly file: string;
  /** `baseUrl`, if it has one. */
  readonly base: { readonly directory: string } | undefined;
  /** `paths`, if it has them, and the folder that they are relative to. */
  readonly paths:
    | { readonly directory: string; readonly targets: Readonly<Record<string, readonly string[]>> }
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
    const none = { file, base: undefined, paths: undefined };
    found.set(file, none);
    if (!existsSync(file)) continue;
    const config = readConfig(file);
    if (config === undefined) return undefined;
    found.set(file, config);
    for (const name of config.extended) {
      const candidates = candidatesOf(name, dirname(file));
      if (!candidates.some((path) => existsSync(path))) return undefined;
      todo.push(...candidates);
    }
  }
  return [...found.values()];
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
      paths: paths === undefined ? undefined : { directory, targets: paths },
      extended: [base].flat(),
    };
  } catch {
    // Unreadable, or with mistakes.
    return undefined;
  }
}

/** The files that `extends` may mean. */
function candidatesOf(name: string, folder: string): string[] {
  const isPath = name.startsWith(".") || isAbsolute(name);
  const places = isPath
    ? [resolve(folder, name)]
    : ancestors(folder).map((parent) => join(parent, "node_modules", name));
  return places.flatMap((place) =>
    [`${place}.json`, join(place, "tsconfig.json")].concat(
      // A folder is no file to read.
      place.endsWith(".json") ? [place] : [],
    ),
  );
}

/** JSON without the comments and the trailing commas that a tsconfig.json may have. */
export function withoutComments(text: string): string {
  return text
    .replace(/^\ufeff/, "")
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string) => string ?? " ")
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g, (_, string) => string ?? "");
}
