import { dirname, sep } from "node:path";
import { readRegularFile } from "../../base/open-file.ts";
import { sha256 } from "./app-cache.ts";
import { ImportGuard } from "./import-guard.ts";
import { nodeConditions } from "./node-conditions.ts";

/** Calls with a plain string, such as `load("./table.json")`. */
const CALL = /\(\s*(?:"([^"\\\n]+)"|'([^'\\\n]+)'|`([^`\\\n$]+)`)\s*[,)]/g;

/** What an app loads with functions that `createRequire` makes. The bundle lacks it. */
export interface CreatedRequires {
  /** SHA-256 of the modules with all that they import. */
  readonly digest: string;
  /** The files that were read, relative to the folder of the app. */
  readonly inputs: readonly string[];
}

/**
 * Follows the calls of functions that `createRequire` makes, as far as they have a plain string, so that the digest of
 * an app covers what they load. Calls of other functions with a string count as well, since a few too many only
 * change the digest.
 *
 * @param app path of the app
 * @param files of the bundle
 * @returns undefined when no module uses `createRequire`
 * @throws MrError when one leads to a package of another user
 */
export async function createdRequires(
  app: string,
  files: readonly string[],
): Promise<CreatedRequires | undefined> {
  const own = files.filter((file) => !file.split(sep).includes("node_modules"));
  const found = own.flatMap((file) => {
    const source = sourceOf(file);
    if (!source.includes("createRequire")) return [];
    const calls = source.matchAll(CALL);
    const names = new Set([...calls].map(([, double, single, back]) => double ?? single ?? back));
    return [{ folder: dirname(file), names: [...names].map((name) => JSON.stringify(name)) }];
  });
  if (found.length === 0) return undefined;
  const followed = await Promise.all(
    found.map(async ({ folder, names }) => {
      const all = await follow(app, folder, names);
      if (all !== undefined) return [all];
      // One with mistakes must not hide the others.
      return await Promise.all(names.map((name) => follow(app, folder, [name])));
    }),
  );
  const modules = followed.flat().filter((module) => module !== undefined);
  return {
    digest: sha256(modules.map(({ code }) => code).join("\0")),
    inputs: modules.flatMap(({ inputs }) => inputs),
  };
}

/** The text of an input of a bundle, which may have a query, or be no file, such as `data:…`. */
function sourceOf(input: string): string {
  for (const path of [input, input.replace(/[?#].*$/, "")]) {
    try {
      return readRegularFile(path).toString();
    } catch {
      // The bundler knows what it has read.
    }
  }
  return "";
}

/** @returns undefined when one of the modules can't be bundled */
async function follow(
  app: string,
  resolveDir: string,
  names: readonly string[],
): Promise<{ readonly code: string; readonly inputs: readonly string[] } | undefined> {
  const { build } = await import("esbuild");
  const directory = dirname(app);
  const guard = new ImportGuard(app);
  // Within `try`, a name that leads to nothing is no error.
  const contents = names.map((name) => `try { require(${name}); } catch {}`).join("\n");
  try {
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir },
      absWorkingDir: directory,
      outdir: directory,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      conditions: nodeConditions(),
      mainFields: ["main"],
      format: "cjs",
      loader: { ".node": "file" },
      tsconfigRaw: "{}",
      plugins: [guard.plugin],
      logLevel: "silent",
    });
    const code = outputFiles.map(({ path, text }) => `${path}\0${text}`).join("\0");
    return { code, inputs: Object.keys(metafile.inputs).filter((input) => input !== "<stdin>") };
  } catch {
    if (guard.refusal !== undefined) throw guard.refusal;
    // Node may load it nevertheless, or not: then the app fails where it calls the function.
    return undefined;
  }
}
