import { join } from "node:path";
import { readRegularFile } from "../../base/open-file.ts";
import { ancestors } from "./trusted-folder.ts";

/** A package that `imports` of a package.json may lead to. */
export interface ImportedPackage {
  /** The folder of the package.json. */
  readonly folder: string;
  readonly specifier: string;
}

/**
 * The packages that an import such as `#dep` may lead to, by the nearest package.json that has `imports`. All of its
 * targets count, whatever their names and conditions are, since a few too many do no harm.
 *
 * @param folder of the module that has the import
 * @returns undefined when the name of a package depends on the import
 */
export function importedPackages(folder: string): ImportedPackage[] | undefined {
  for (const parent of ancestors(folder)) {
    const targets = targetsIn(join(parent, "package.json"));
    if (targets === undefined) continue;
    const packages = targets.filter((target) => !/^\.{0,2}\//.test(target));
    if (packages.some((target) => packageOf(target).includes("*"))) return undefined;
    return packages.map((specifier) => ({ folder: parent, specifier }));
  }
  return [];
}

/** The strings in `imports` of a package.json; undefined if it has none. */
function targetsIn(manifest: string): string[] | undefined {
  try {
    const { imports } = Object(JSON.parse(readRegularFile(manifest).toString()));
    return imports === undefined ? undefined : stringsIn(imports);
  } catch {
    // There is none, or it has mistakes, which the bundler has reported.
    return undefined;
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** The name of the package that an import begins with. */
export function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}
