import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where the files of this package are. This is the only module that looks at its own address, because the
 * bundler moves modules: it stands two folders below the root of the code (`src` or `dist`), both as a
 * source and in a bundle, which the build checks.
 */
const CODE_ROOT = new URL("../../", import.meta.url);

/** Absolute path of the package: the folder of its package.json. */
export const PACKAGE_ROOT = fileURLToPath(new URL("../", CODE_ROOT));

/** `.ts` when the sources run as they are, `.js` in the built package. */
export const CODE_EXTENSION = extname(fileURLToPath(import.meta.url));

/**
 * Absolute path of a file or folder of the code.
 *
 * @param path from `src` or `dist`, such as `mr/kernel/kernel.wasm`; a folder ends with a slash
 */
export function assetPath(path: string): string {
  return fileURLToPath(new URL(path, CODE_ROOT));
}

/** The contents of a file of the code, named as for {@link assetPath}. */
export function readAsset(path: string): Buffer {
  return readFileSync(assetPath(path));
}

/** Flags for Node to run a program of this package: the loader of TypeScript, for sources. */
export function loaderFlags(): string[] {
  return CODE_EXTENSION === ".ts" ? ["--import", import.meta.resolve("tsx")] : [];
}

export function packageVersion(): string {
  const manifest = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
