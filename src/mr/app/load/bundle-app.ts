import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, BuildOptions, ImportKind, Loader, Metafile, Plugin } from "esbuild";
import { assetPath, CODE_EXTENSION, PACKAGE_ROOT } from "../../base/assets.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { readRegularFile } from "../../base/open-file.ts";
import { ImportGuard } from "./import-guard.ts";
import { failMissing, MISSING, type MissingImport, missingImports } from "./missing-imports.ts";
import { FILL_MODULE, OWN_IMPORT, OWN_REQUIRE, replaceModuleNames } from "./module-names.ts";
import { nodeConditions } from "./node-conditions.ts";
import { GUARD } from "./require-guard.ts";
import { sloppyModule } from "./sloppy-modules.ts";

export const PUBLIC_FACE = assetPath(`mr/index${CODE_EXTENSION}`);
const TESTING_FACE = assetPath(`mr/testing/index${CODE_EXTENSION}`);
/** The namespace of this library as CommonJS gets it. */
const REQUIRED = "tsmr-required";

/** The names of files that the compiler takes for TypeScript or JavaScript. */
const SOURCE = /\.[cm]?[jt]sx?$/;

/** Where the bundler's own code decides what a default import of a CommonJS module is. */
const DEFAULT_IMPORT = "isNodeMode || !mod || !mod.__esModule ?";

/**
 * Makes every default import of a CommonJS module its `module.exports`, as in Node.js. The bundler takes
 * `exports.default` if there is an `__esModule`, unless a `package.json` says that the importer is an ES module.
 */
function withNodeDefaults(code: string): string {
  // The bundler's own functions stand before the first module, which a comment names.
  const start = Math.max(0, code.search(/^\/\/ /m));
  return code.slice(0, start).replace(DEFAULT_IMPORT, "true ?") + code.slice(start);
}

/** Whether an input of a bundle is no file, but was made for the bundle. */
export function isMade(input: string): boolean {
  return [REQUIRED, MISSING].some((namespace) => input.startsWith(`${namespace}:`));
}

/** An app and its imports as one module. */
export interface Bundle {
  readonly code: string;
  /** What was read and what imports were resolved to. Its paths are relative to the folder of the app. */
  readonly metafile: Metafile;
  readonly missing: readonly MissingImport[];
}

/**
 * Bundles an app. The only import left in place is this library, so that the app and the worker share it.
 *
 * @param ignoresConfigs whether no tsconfig.json counts
 * @throws MrError with the compiler's first message (file, line and column) when it does not compile
 */
export async function bundleApp(source: string, ignoresConfigs: boolean): Promise<Bundle> {
  // The compiler takes longer to load than all other modules of a worker together.
  const { build } = await import("esbuild");
  const guard = new ImportGuard(source);
  try {
    const bundle = async (missing: readonly MissingImport[]) => {
      const options = optionsFor(source, ignoresConfigs, missing, guard.plugin);
      const { outputFiles, metafile } = await build(options);
      const code = withNodeDefaults(outputFiles?.[0]?.text ?? "");
      return { code, metafile: metafile ?? { inputs: {}, outputs: {} }, missing };
    };
    const first = await bundle([]);
    const missing = missingImports(dirname(source), first.metafile);
    return missing.length === 0 ? first : await bundle(missing);
  } catch (error) {
    if (guard.refusal !== undefined) throw guard.refusal;
    // A document or a binary program is a mistake in the command line, not in the app.
    const code = SOURCE.test(source) ? "APP_NOT_COMPILED" : "APP_INVALID";
    throw new MrError(code, `Cannot compile app "${source}": ${compilerMessage(error)}`);
  }
}

function optionsFor(
  source: string,
  ignoresConfigs: boolean,
  missing: readonly MissingImport[],
  guard: Plugin,
): BuildOptions {
  const directory = dirname(source);
  return {
    entryPoints: [source],
    absWorkingDir: directory,
    // Nothing is written there, but paths in the source map are relative to it.
    outdir: directory,
    sourceRoot: pathToFileURL(`${directory}/`).href,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    // By default, the bundler takes what packages have for bundlers, and not for Node.js.
    conditions: nodeConditions(),
    mainFields: ["main"],
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "silent",
    plugins: [
      shareThisLibrary,
      guard,
      keepAddresses,
      ...(missing.length === 0 ? [] : [failMissing(missing)]),
    ],
    define: ADDRESSES,
    ...(ignoresConfigs ? { tsconfigRaw: "{}" } : {}),
    // Packages written as CommonJS call `require`, which a module does not have.
    banner: {
      js:
        `import { createRequire as __tsmr_create } from "node:module"; const __tsmr_guard = globalThis[Symbol.for("${GUARD}")] ?? ((own) => own); ` +
        `const __tsmr_require = (file) => __tsmr_guard(__tsmr_create(file), file, ${JSON.stringify(source)}); const require = __tsmr_require(${JSON.stringify(source)});`,
    },
  };
}

/** Leaves imports of this library, by package name or by path, as imports of the running copy. */
const shareThisLibrary: Plugin = {
  name: "share-this-library",
  setup(build) {
    // A module can't be required from a file URL: a module that imports it re-exports its exports.
    const share = (path: string, kind: ImportKind) => {
      const { href } = pathToFileURL(path);
      if (kind !== "require-call") return { path: href, external: true };
      return { path: href, namespace: REQUIRED };
    };
    build.onLoad({ filter: /^/, namespace: REQUIRED }, ({ path }) => {
      return { contents: `export * from ${JSON.stringify(path)};` };
    });
    build.onResolve({ filter: /^/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }));
    build.onResolve({ filter: /^tsmr$/ }, ({ kind }) => share(PUBLIC_FACE, kind));
    build.onResolve({ filter: /^tsmr\/testing$/ }, ({ kind }) => share(TESTING_FACE, kind));
    build.onResolve({ filter: /\/mr\/index\.[jt]s$/ }, ({ path, resolveDir, kind }) => {
      return isPublicFace(resolve(resolveDir, path)) ? share(PUBLIC_FACE, kind) : null;
    });
  },
};

/**
 * Whether a path is that of this library's public face, in this copy of the package or another one: the classes of
 * another copy, such as ByteSlice, would not be those of the worker.
 */
function isPublicFace(path: string): boolean {
  const code = dirname(dirname(path));
  if (!["src", "dist"].includes(basename(code))) return false;
  const root = dirname(code);
  if (root === resolve(PACKAGE_ROOT)) return true;
  try {
    const { name } = JSON.parse(readRegularFile(join(root, "package.json")).toString());
    return name === "tsmr";
  } catch {
    // It is no package.
    return false;
  }
}

/** What tells a module its own address, and the variable that replaces it. */
const ADDRESSES = {
  "import.meta": "__tsmr_meta",
  __dirname: "__tsmr_dirname",
  __filename: "__tsmr_filename",
  "require.resolve": "__tsmr_resolve",
};
const USES_ADDRESS = /import\s*\.\s*meta|__dirname|__filename|require\s*\.\s*resolve/;

const LOADERS: Readonly<Record<string, Loader>> = {
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" },
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".jsx": "jsx" },
};

/** Gives each module the address of its own source, from which it may read other files. */
const keepAddresses: Plugin = {
  name: "keep-addresses",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path, suffix }) => {
      let text: string;
      try {
        text = readRegularFile(path).toString();
      } catch (error) {
        return { errors: [{ text: `Cannot read "${path}": ${describeCause(error)}` }] };
      }
      const loader = LOADERS[extname(path)];
      if (loader === undefined) return null;
      const module = text.replace(/^\ufeff/, "").replace(/^#!/, "//");
      const sloppy = await sloppyModule(build, path, module);
      if (sloppy !== undefined) return { contents: addressesOf(path, suffix) + sloppy, loader };
      const contents = await replaceModuleNames(module, loader);
      if (contents === module && !USES_ADDRESS.test(text)) return null;
      // On the same line, so that the numbers of lines stay.
      return { contents: addressesOf(path, suffix) + contents, loader };
    });
  },
};

/** Declares the variables of {@link ADDRESSES}. The bundler renames them in each module. */
function addressesOf(path: string, suffix: string): string {
  const href = pathToFileURL(path).href + suffix;
  const [url, dirname_, filename] = [href, dirname(path), path].map((value) =>
    JSON.stringify(value),
  );
  // Imported by the banner.
  const own = `__tsmr_require(${filename})`;
  const toUrl = `process.getBuiltinModule("node:url").pathToFileURL`;
  const find = `(name) => /^[a-z]+:/.test(name) ? name : ${toUrl}(${own}.resolve(name)).href`;
  // A package is found as `require` finds it, since a bundle can't ask for another module's imports.
  const load =
    `(name) => { if (/^[a-z]+:/.test(name)) return name; if (/^\\.{0,2}(\\/|$)/.test(name)) return new URL(name, ${url}).href; ` +
    `const found = ${own}.resolve(name); return found === name ? name : ${toUrl}(found).href; }`;
  return (
    `var __tsmr_meta = { url: ${url}, dirname: ${dirname_}, filename: ${filename}, resolve: ${find} }, ` +
    `__tsmr_dirname = ${dirname_}, __tsmr_filename = ${filename}, ${OWN_REQUIRE} = /* @__PURE__ */ ${own}, ` +
    `${OWN_IMPORT} = async (name, options) => { const path = (${load})(String(name)); ` +
    `return options === undefined ? import(path) : import(path, options); }, ` +
    `__tsmr_resolve = (...given) => ${own}.resolve(...given); `
  );
}

function compilerMessage(error: unknown): string {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) return describeCause(error);
  const { location, text } = first;
  if (location === null) return text;
  const { file, line, lineText, column } = location;
  // The declarations of the addresses stand before the first line.
  const [, addresses = "", rest = ""] =
    /^(var __tsmr_meta = .*?\.resolve\(\.\.\.given\); )(.*)/.exec(lineText) ?? [];
  const added = addresses + (rest.startsWith(FILL_MODULE) ? FILL_MODULE : "");
  return `${file}:${line}:${column - Buffer.byteLength(added) + 1}: ${text}`;
}
