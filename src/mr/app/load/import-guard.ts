import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";
import { checkImport } from "./foreign-files.ts";
import { isUrl } from "./missing-imports.ts";

/** Keeps the bundler from the packages of other users. */
export class ImportGuard {
  /** The first refusal. The bundler only has its message. */
  refusal: unknown;
  readonly plugin: Plugin;

  /** @param app path of the app */
  constructor(app: string) {
    this.plugin = {
      name: "import-guard",
      setup: (build) => {
        build.onResolve({ filter: /^[^./]/ }, ({ path, resolveDir, kind }) => {
          if (kind === "entry-point" || resolveDir === "" || isBuiltin(path) || isUrl(path)) {
            return null;
          }
          try {
            checkImport(app, resolveDir, path);
            return null;
          } catch (error) {
            this.refusal ??= error;
            return { errors: [{ text: String(error) }] };
          }
        });
      },
    };
  }
}
