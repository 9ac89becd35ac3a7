import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isDirectory } from "../../base/directories.ts";
import { ancestors } from "./trusted-folder.ts";

/** The names of folders whose declarations do not count. */
export const EXCLUDED_FOLDERS = ["node_modules", "dist"] as const;
/** To list more takes longer than a user would want to wait. */
const MAX_FOLDERS = 2000;

/**
 * Lists the declarations that count for a whole project, without being imported: its files `.d.ts`, and the packages
 * in `node_modules/@types`.
 *
 * @param project its folder
 * @returns undefined when it has too many folders to list
 */
export function listDeclarations(project: string): string[] | undefined {
  const found: string[] = [];
  const seen = new Set<string>();
  const todo = [project];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    const real = realPath(folder);
    // A link may lead to a folder above it.
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    if (seen.size > MAX_FOLDERS) return undefined;
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.name.endsWith(".d.ts")) found.push(path);
      else if (entry.isDirectory() || (entry.isSymbolicLink() && isDirectory(path))) {
        const isHidden = entry.name.startsWith(".");
        if (!isHidden && !EXCLUDED_FOLDERS.some((name) => name === entry.name)) todo.push(path);
      }
    }
  }
  for (const parent of ancestors(project)) {
    const types = join(parent, "node_modules/@types");
    found.push(...entriesOf(types).map(({ name }) => join(types, name)));
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Missing or unreadable, as it is for the compiler.
    return [];
  }
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync.native(folder);
  } catch {
    return undefined;
  }
}
