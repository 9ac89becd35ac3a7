import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import { checkImport } from "./foreign-files.ts";
import { isPath, isUrl } from "./missing-imports.ts";

/** The symbol under which a compiled app finds {@link guardRequire}, which is not part of it. */
export const GUARD = "tsmr.require-guard";

/** The end of the name of the file beside a compiled app that lists what the app loads by `createRequire`. */
export const REQUIRED_FILES = ".requires.json";

/** Lets the `require` functions of compiled apps refuse packages of other users. */
export function provideGuard(): void {
  Object.assign(globalThis, { [Symbol.for(GUARD)]: guardRequire });
}

/**
 * A function that does what `own` does, but refuses the packages of other users. The bundler has refused those that
 * have a plain name; here are the names that are known only when the app runs.
 *
 * @param own the `require` of a module
 * @param file path of the module
 * @param app path of the app
 */
function guardRequire(own: NodeJS.Require, file: string, app: string): NodeJS.Require {
  const check = (name: unknown) => {
    if (typeof name !== "string" || isPath(name) || isBuiltin(name) || isUrl(name)) return;
    checkImport(app, dirname(file), name);
  };
  const find = (name: string, options?: { readonly paths?: string[] }) => {
    check(name);
    return own.resolve(name, options);
  };
  const resolve = Object.assign(find, { paths: own.resolve.paths });
  return new Proxy(own, {
    apply(target, self, given: [string]) {
      check(given[0]);
      return Reflect.apply(target, self, given);
    },
    get: (target, member) => (member === "resolve" ? resolve : Reflect.get(target, member)),
  });
}
