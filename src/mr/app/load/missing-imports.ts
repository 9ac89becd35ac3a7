import { isBuiltin } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ImportKind, Metafile, Plugin } from "esbuild";

/** An import that leads to nothing, which the bundler accepts where the app catches the error. */
export interface MissingImport {
  /** Absolute path of the module that has it. */
  readonly importer: string;
  readonly specifier: string;
  readonly kind: ImportKind;
}

/** The namespace of the modules that stand for calls of `require` that lead to nothing. */
export const MISSING = "tsmr-missing";

/** The imports of a bundle that were left as they are, because they lead to nothing. */
export function missingImports(directory: string, { inputs }: Metafile): MissingImport[] {
  return Object.entries(inputs).flatMap(([input, { imports }]) =>
    imports
      .filter(({ path, external }) => external === true && !isBuiltin(path) && !isUrl(path))
      .map(({ path: specifier, kind }) => ({
        importer: resolve(directory, input),
        specifier,
        kind,
      })),
  );
}

/**
 * Lets these imports fail as they do in Node.js: with its error, and looked for from the folder of their own module.
 * In a bundle they would be looked for from the folder of the app or of the bundle.
 */
export function failMissing(missing: readonly MissingImport[]): Plugin {
  return {
    name: "fail-missing",
    setup(build) {
      const specifiers = new Set(missing.map(({ specifier }) => specifier));
      const filter = new RegExp(`^(?:${[...specifiers].map(escapeRegExp).join("|")})$`);
      build.onResolve({ filter }, ({ path, importer, kind }) => {
        const isMissing = missing.some((one) => {
          return one.specifier === path && one.importer === importer && one.kind === kind;
        });
        if (!isMissing) return null;
        if (kind !== "require-call") return { path: urlOf(importer, path), external: true };
        return { path: JSON.stringify([importer, path]), namespace: MISSING };
      });
      build.onLoad({ filter: /^/, namespace: MISSING }, ({ path }) => {
        const [importer, specifier]: string[] = JSON.parse(path);
        const own = `__tsmr_require(${JSON.stringify(importer)})`;
        return { contents: `module.exports = ${own}(${JSON.stringify(specifier)});` };
      });
    },
  };
}

/** Where there is no file: a package is not looked for, since the bundler has found none. */
function urlOf(importer: string, specifier: string): string {
  if (isPath(specifier)) return new URL(specifier, pathToFileURL(importer)).href;
  return pathToFileURL(resolve(dirname(importer), "node_modules", specifier)).href;
}

/** Whether an import names a file, relative or absolute, and no package. */
export function isPath(specifier: string): boolean {
  return /^\.{0,2}(\/|$)/.test(specifier);
}

export function isUrl(path: string): boolean {
  return /^[a-z]+:/.test(path);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
