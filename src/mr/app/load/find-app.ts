import { statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { assetPath } from "../../base/assets.ts";
import { MrError } from "../../base/errors.ts";

const SHIPPED_APPS = assetPath("mrapps/");
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs"];
/** In the built package, the shipped apps are compiled. Their sources beside them are for reading only. */
const SHIPPED_EXTENSIONS = [".js", ".ts"];

/** There is no such app. The message names the places that were searched. */
export class AppNotFoundError extends MrError {
  override name = "AppNotFoundError";
  readonly spec: string;

  constructor(message: string, spec: string) {
    super("APP_NOT_FOUND", message);
    this.spec = spec;
  }
}

/**
 * Finds the file of an app, with or without its extension: the given path, then a shipped app.
 *
 * @param spec a path such as `apps/wc.ts`, or the name of a shipped app such as `wc.ts` or `wc`; `wc.so` and
 *   `../mrapps/wc.so`, as scripts of the lab have them, mean `wc.ts`
 * @throws MrError when there is no such file, naming the places that were tried
 */
export function findApp(spec: string, cwd: string): string {
  const given = resolve(cwd, spec);
  const isBareName = basename(spec) === spec;
  // The lab's scripts name plugins of Go, such as ../mrapps/wc.so: the app of that name is meant.
  const isPlugin = extname(spec) === ".so";
  const stem = isPlugin ? given.slice(0, -".so".length) : given;
  const candidates = [given, ...EXTENSIONS.map((extension) => stem + extension)];
  if (isBareName || isPlugin) {
    const shipped = join(SHIPPED_APPS, basename(spec, extname(spec)));
    candidates.push(...SHIPPED_EXTENSIONS.map((extension) => shipped + extension));
  }
  const found = candidates.find(isFile);
  if (found !== undefined) return found;
  const places = isBareName ? `neither "${given}" nor a shipped app` : `"${given}"`;
  throw new AppNotFoundError(
    `Cannot find app "${spec}": ${isBareName ? "" : "no file "}${places} exists`,
    spec,
  );
}

/** The name of an app in messages: its file name, or that of a shipped one without the extension of the build. */
export function appName(path: string): string {
  return isShippedApp(path) ? basename(path, extname(path)) : basename(path);
}

export function isShippedApp(path: string): boolean {
  return dirname(path) === dirname(join(SHIPPED_APPS, "app"));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // It is missing or cannot be examined, so another candidate is tried.
    return false;
  }
}
