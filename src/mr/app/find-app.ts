import { statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MrError } from "../errors.ts";

const SHIPPED_APPS = fileURLToPath(new URL("../../mrapps/", import.meta.url));
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs"];

/**
 * Finds the file of an app: as given, then beside the shipped apps; with its extension or without.
 *
 * @param spec a path such as `apps/wc.ts`, or the name of a shipped app such as `wc.ts` or `wc`
 * @param cwd absolute path that a relative `spec` starts from
 * @returns the absolute path of the module
 * @throws MrError when there is no such file, naming the places that were tried
 */
export function findApp(spec: string, cwd: string): string {
  const given = resolve(cwd, spec);
  // In the built package the shipped apps are JavaScript, but users go on calling them by `wc.ts`.
  const shipped = join(SHIPPED_APPS, basename(spec));
  const withoutExtension = shipped.slice(0, shipped.length - extname(shipped).length);
  const isBareName = basename(spec) === spec;
  const bases = isBareName ? [given, shipped, withoutExtension] : [given];
  for (const base of bases) {
    for (const path of [base, ...EXTENSIONS.map((extension) => base + extension)]) {
      if (isFile(path)) return path;
    }
  }
  const places = isBareName ? `neither "${given}" nor a shipped app` : `"${given}"`;
  throw new MrError(`Cannot find app "${spec}": ${isBareName ? "" : "no file "}${places} exists`);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Whether it is missing or out of reach, it is not the app.
    return false;
  }
}
