import { dirname, extname, join } from "node:path";
import type { PluginBuild } from "esbuild";
import { readRegularFile } from "../../base/open-file.ts";
import { FILL_MODULE, OWN_REQUIRE } from "./module-names.ts";
import { ancestors } from "./trusted-folder.ts";

/** At the beginning of a module, behind comments. */
const STRICT = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*(["'])use strict\1/;
/** Only ES modules have it. */
const META = /\bimport\s*\.\s*meta\b/;

/**
 * The code of a CommonJS module that is not in strict mode, so that it runs as in Node.js. The bundle is an ES module,
 * where all code is strict. So the module becomes a string, which is compiled when it is required. What it requires
 * by plain names is bundled.
 *
 * @param build resolves the names
 * @param path of the module
 * @param text of the module, without a byte order mark and `#!`
 * @returns what the bundler takes for the module, behind its addresses; undefined when the module is strict, is an ES
 *   module, has mistakes, or imports others by `import()` or by patterns, which the bundler has to rewrite
 */
export async function sloppyModule(
  build: PluginBuild,
  path: string,
  text: string,
): Promise<string | undefined> {
  if (![".js", ".cjs"].includes(extname(path)) || STRICT.test(text) || META.test(text)) {
    return undefined;
  }
  if (extname(path) === ".js" && isInModulePackage(path)) return undefined;
  const names = await requiredNames(build, path, text);
  if (names === undefined) return undefined;
  // Within `try`, the bundler accepts a name that leads to nothing.
  const calls = names.map(
    (name) => `${name}: () => { try { return require(${name}); } catch (error) { throw error; } }`,
  );
  const find = `(name) => Object.hasOwn(__tsmr_bundled, name) ? __tsmr_bundled[name]() : ${OWN_REQUIRE}(name)`;
  const compile = `process.getBuiltinModule("node:vm").compileFunction`;
  return (
    `${FILL_MODULE}var __tsmr_bundled = { ${calls.join(", ")} }; ` +
    `module.require = Object.assign(${find}, ${OWN_REQUIRE}); ` +
    `${compile}(${JSON.stringify(text)}, ["exports", "require", "module", "__filename", "__dirname"], ` +
    `{ filename: __tsmr_filename }).call(exports, exports, module.require, module, __tsmr_filename, __tsmr_dirname);`
  );
}

/** Whether the nearest package.json says that `.js` files are ES modules. */
function isInModulePackage(path: string): boolean {
  for (const parent of ancestors(dirname(path))) {
    try {
      const text = readRegularFile(join(parent, "package.json")).toString();
      return Object(JSON.parse(text)).type === "module";
    } catch {
      // There is none, or it has mistakes, which the bundler reports.
    }
  }
  return false;
}

/** The names that a CommonJS module requires, as JSON texts; undefined for other modules. */
async function requiredNames(
  outer: PluginBuild,
  path: string,
  text: string,
): Promise<string[] | undefined> {
  const { build } = await import("esbuild");
  const resolveDir = dirname(path);
  try {
    const { metafile, outputFiles } = await build({
      stdin: { contents: text, sourcefile: path, resolveDir, loader: "js" },
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "cjs",
      tsconfigRaw: "{}",
      logLevel: "silent",
      plugins: [
        {
          name: "leave-imports",
          setup(inner) {
            inner.onResolve({ filter: /^/ }, async ({ path: name, kind }) => {
              const from = { kind, resolveDir, importer: path, namespace: "file" };
              const { errors } = await outer.resolve(name, from);
              // The bundler finds out whether that is an error: it is none within `try`.
              return errors.length > 0 ? null : { path: name, external: true };
            });
          },
        },
      ],
    });
    const [{ format, imports }] = Object.values(metafile.inputs) as [
      (typeof metafile.inputs)[string],
    ];
    const hasPattern = outputFiles.some((file) => file.text.includes("__glob("));
    if (format === "esm" || hasPattern) return undefined;
    if (imports.some(({ kind }) => kind === "dynamic-import")) return undefined;
    const required = imports.filter(({ kind }) => kind === "require-call");
    return [...new Set(required.map(({ path: name }) => JSON.stringify(name)))];
  } catch {
    // The module has mistakes, which are reported when it is bundled.
    return undefined;
  }
}
