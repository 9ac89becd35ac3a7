import { join, sep } from "node:path";
import { MrError } from "../../base/errors.ts";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { isPath } from "./missing-imports.ts";
import { importTargets, packageOf } from "./package-imports.ts";
import { ancestors, belongsToOthers } from "./trusted-folder.ts";

/** Files of Yarn that say where packages are. The bundler follows them in the folders above an app. */
export const PLUG_AND_PLAY = [".pnp.data.json", ".pnp.cjs", ".pnp.js"];
const MANIFEST = "package.json";
/** The members of a package.json that decide which code is in the bundle. */
const DECISIVE = ["imports", "sideEffects"];
/** What the bundler appends to an import without an extension. */
export const EXTENSIONS = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"];
const FOREIGN = "it belongs to another user, or others may replace it";

/**
 * Refuses to let the bundler read the settings of another user, who may write into a folder above the app, such as
 * /tmp: they decide which code runs. The bundler would also wait for a FIFO, or read a device without an end.
 *
 * @param app path of the app
 * @param folder of a source that the bundle has, or will have
 * @throws MrError `APP_NOT_COMPILED` that names the file
 */
export function checkSettingsAbove(app: string, folder: string): void {
  for (const parent of ancestors(folder)) {
    for (const name of [MANIFEST, ...PLUG_AND_PLAY]) {
      const path = join(parent, name);
      const why = reasonAgainst(path, app);
      if (why !== undefined) throw refused(app, path, why);
    }
  }
}

/**
 * Refuses code out of a folder `node_modules` that another user has made.
 *
 * @param source folder of a file that was bundled
 * @throws MrError `APP_NOT_COMPILED` that names the folder `node_modules`
 */
export function checkPackages(app: string, source: string): void {
  for (const folder of ancestors(source)) {
    if (!folder.endsWith(`${sep}node_modules`) || !belongsToOthers(folder, app)) continue;
    throw refused(app, folder, FOREIGN);
  }
}

/**
 * Refuses an import that may lead to a package of another user, before the bundler opens a file of it, which may be a
 * FIFO.
 *
 * @param folder of the module that has the import
 * @param specifier the name of a package, or of an import that `imports` of a package.json leads to one
 * @throws MrError `APP_NOT_COMPILED` that names the folder `node_modules`
 */
export function checkImport(app: string, folder: string, specifier: string): void {
  if (specifier.startsWith("#")) {
    for (const { folder: parent, target } of importTargets(folder, specifier)) {
      if (!isPath(target) && !target.startsWith("#")) checkImport(app, parent, target);
    }
    return;
  }
  const name = packageOf(specifier);
  for (const parent of ancestors(folder)) {
    const modules = join(parent, "node_modules");
    const places = ["", ...EXTENSIONS].map((extension) => join(modules, name + extension));
    if (!places.some((place) => lstatIfThere(place) !== undefined)) continue;
    if (!belongsToOthers(modules, app)) return;
    throw refused(app, modules, FOREIGN);
  }
}

function reasonAgainst(path: string, app: string): string | undefined {
  const stats = statIfThere(path);
  if (stats === undefined) return undefined;
  const isForeign = belongsToOthers(path, app);
  // The bundler ignores a folder of that name.
  if (!stats.isFile()) return stats.isDirectory() ? undefined : "it is not a regular file";
  const isDecisive = !path.endsWith(MANIFEST) || (isForeign && hasDecisiveMember(path));
  return isForeign && isDecisive ? FOREIGN : undefined;
}

function hasDecisiveMember(path: string): boolean {
  try {
    const manifest: unknown = JSON.parse(readRegularFile(path).toString());
    return DECISIVE.some((name) => Object.hasOwn(Object(manifest), name));
  } catch {
    // The bundler would fail on a file with mistakes.
    return true;
  }
}

function refused(app: string, path: string, why: string): MrError {
  const advice = "remove it, or move the app into a folder that only you can write to";
  return new MrError(
    "APP_NOT_COMPILED",
    `Cannot compile app "${app}" with "${path}": ${why} (${advice})`,
  );
}

/** Whether there is something of that name that is not a file, or a link to one. */
export function isIrregular(path: string): boolean {
  if (lstatIfThere(path) === undefined) return false;
  return statIfThere(path)?.isFile() !== true;
}
