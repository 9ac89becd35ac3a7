import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describeCause, MrError, UsageError } from "../../base/errors.ts";
import type { Splitting } from "../../job/split.ts";
import type { ClassicApp } from "../contract/contract.ts";
import { checkRecordApp, hasRecordMembers, type RecordApp } from "../contract/define-app.ts";
import { minReduces } from "../contract/partitioners.ts";
import type { CompiledApp } from "./compile-app.ts";
import { appName, findApp } from "./find-app.ts";
import { provideGuard, REQUIRED_FILES } from "./require-guard.ts";

/** An app that was found, compiled, imported and checked. */
export interface LoadedApp {
  /** The name in messages: its file name, such as `count.ts`, or `wc` for a shipped app. */
  readonly name: string;
  readonly path: string;
  /** SHA-256 of its compiled code, 64 hex digits. */
  readonly digest: string;
  readonly app: ClassicApp | RecordApp;
  /** Whether its input files may be cut into splits. */
  readonly splitting: Splitting;
}

/**
 * Loads an app module.
 *
 * @param spec a path, or the name of a shipped app; see {@link findApp}
 * @param given the app as compiled before; compiled now by default, or if the file is gone, or what it loads by
 *   `createRequire` has changed. It then has another digest
 * @throws MrError when the app cannot be found, does not compile, throws while it is imported, or
 *   lacks a member, or has one that is misspelt or of the wrong type
 */
export async function loadApp(
  spec: string,
  cwd: string = process.cwd(),
  given?: CompiledApp,
): Promise<LoadedApp> {
  const path = findApp(spec, cwd);
  const isGiven = given !== undefined && existsSync(given.path) && (await isCurrent(given.path));
  // A worker that is given the app need not load the compiler.
  const compiled = isGiven ? given : await (await import("./compile-app.ts")).compileApp(path);
  const name = appName(path);
  // Makes stack traces show the lines of the app's source.
  process.setSourceMapsEnabled(true);
  provideGuard();
  let exported: Record<string, unknown>;
  try {
    exported = await import(pathToFileURL(compiled.path).href);
  } catch (error) {
    const message = `Cannot load app "${path}": ${describeCause(error)}`;
    // A UsageError asks the user for something, such as a setting.
    throw error instanceof UsageError
      ? new UsageError(message)
      : new MrError("APP_NOT_LOADED", message);
  }
  const app = checkApp(path, exported);
  const splitting = "input" in app ? app.input.splitting : "wholeFile";
  return { name, path, digest: compiled.digest, app, splitting };
}

/** Whether what the app loads by `createRequire` is as it was when the app was compiled. */
async function isCurrent(compiled: string): Promise<boolean> {
  if (!existsSync(compiled + REQUIRED_FILES)) return true;
  return (await import("./required-files.ts")).areRequiredFilesUnchanged(compiled);
}

function checkApp(
  path: string,
  exported: Readonly<Record<string, unknown>>,
): ClassicApp | RecordApp {
  const main = defaultExport(exported);
  if (typeof main === "object" && (main === null || hasRecordMembers(main))) {
    try {
      return checkRecordApp(main);
    } catch (error) {
      throw new MrError("APP_INVALID", `Cannot load app "${path}": ${describeCause(error)}`);
    }
  }
  const members = typeof main === "object" ? (main as typeof exported) : exported;
  const wrong = ["map", "reduce"].filter((name) => typeof members[name] !== "function");
  if (wrong.length > 0) {
    const names = Object.keys(members);
    const found = names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");
    throw new MrError(
      "APP_INVALID",
      `App "${path}" does not export the function "${wrong.join('" and the function "')}", ` +
        `nor an app made by defineApp as default: it exports ${found}`,
    );
  }
  return members as unknown as ClassicApp;
}

/** The default export is the exports object of a CommonJS module, which has its own default if it was compiled. */
function defaultExport({ default: main }: Readonly<Record<string, unknown>>): unknown {
  const isCompiled = typeof main === "object" && main !== null && "__esModule" in main;
  return isCompiled && "default" in main ? main.default : main;
}

export function minReducesOf({ app }: LoadedApp): number {
  return "input" in app ? minReduces(app.partition) : 1;
}

/** @throws UsageError when the app needs more reduce tasks than there are */
export function checkReduces(app: LoadedApp, reduces: number): void {
  const needed = minReducesOf(app);
  if (needed <= reduces) return;
  throw new UsageError(
    `Cannot run app "${app.name}" with --reduces ${reduces}: its rangePartition needs ${needed} or more`,
  );
}
