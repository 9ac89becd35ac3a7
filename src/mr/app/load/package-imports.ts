import { dirname, join } from "node:path";
import { readRegularFile } from "../../base/open-file.ts";
import { ancestors } from "./trusted-folder.ts";

/** What `imports` of a package.json leads an import to: a path that begins with `.`, or a package. */
export interface ImportTarget {
  /** The folder of the package.json. */
  readonly folder: string;
  readonly target: string;
}

/**
 * What an import such as `#dep` may lead to, by the nearest package.json that has `imports`. The targets of all
 * conditions count, since a few too many do no harm.
 *
 * @param folder of the module that has the import
 */
export function importTargets(folder: string, specifier: string): ImportTarget[] {
  for (const parent of ancestors(folder)) {
    const { imports } = manifestAt(join(parent, "package.json"));
    if (imports === undefined) continue;
    return targetsIn(imports, specifier).map((target) => ({ folder: parent, target }));
  }
  return [];
}

/**
 * The paths that `exports` of a package may lead an import to, by all conditions.
 *
 * @param manifest path of its package.json
 * @param specifier the import, which begins with the name of the package
 */
export function exportTargets(manifest: string, specifier: string): string[] {
  const { exports } = manifestAt(manifest);
  const targets = targetsIn(exports, `.${specifier.slice(packageOf(specifier).length)}`);
  return targets.map((target) => join(dirname(manifest), target));
}

/** The targets of the members of `exports` or `imports` that match a name. */
function targetsIn(value: unknown, name: string): string[] {
  const entries = Object.entries(Object(value));
  // Without members for names, all of it is for the package itself.
  const hasNames = typeof value === "object" && entries.some(([key]) => /^[.#]/.test(key));
  if (!hasNames) return name === "." ? stringsIn(value) : [];
  return entries.flatMap(([pattern, target]) => {
    // An old form of `/*`.
    const isFolder = pattern.endsWith("/");
    const star = matchOf(isFolder ? `${pattern}*` : pattern, name);
    if (star === undefined) return [];
    return stringsIn(target).map((text) =>
      isFolder ? text + star : text.replaceAll("*", () => star),
    );
  });
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** What `*` stands for in a pattern; undefined if it does not match. */
export function matchOf(pattern: string, specifier: string): string | undefined {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return pattern === specifier ? "" : undefined;
  const isMatch = specifier.startsWith(before) && specifier.endsWith(after);
  return isMatch ? specifier.slice(before.length, specifier.length - after.length) : undefined;
}

/** The members of a package.json; none if there is no such file, or it has mistakes, which the bundler reports. */
export function manifestAt(path: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readRegularFile(path).toString()));
  } catch {
    return {};
  }
}

/** The name of the package that an import begins with. */
export function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}
