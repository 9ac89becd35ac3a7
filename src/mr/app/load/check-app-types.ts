import { type ChildProcess, execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { assetPath } from "../../base/assets.ts";
import { atExit } from "../../base/at-exit.ts";
import { MrError } from "../../base/errors.ts";
import { appCacheDir, publish, sha256 } from "./app-cache.ts";
import { readConfigs } from "./config-files.ts";
import { EXCLUDED_FOLDERS, listDeclarations } from "./declarations.ts";
import { ancestors, findUpwards, isTrusted } from "./trusted-folder.ts";
import { isFoundAgain, type Lookups, lookupsIn, manifestsIn } from "./type-lookups.ts";

/** The files that a check needs. The author of an app may not have them. */
interface Project {
  readonly app: string;
  /** Absolute path of the nearest tsconfig.json. */
  readonly config: string;
  /** Absolute path of the package.json of the nearest TypeScript. */
  readonly compiler: string;
}

/** A check that passed. It is valid while no file has changed, and no declaration or module was added. */
interface Passed extends Lookups {
  /** A stamp of each file that was read. */
  readonly stamps: Readonly<Record<string, string>>;
  /** The declarations that count for the whole project. */
  readonly declarations: readonly string[];
}

/** Sources of this library, which the apps in its repository are checked together with. */
const LIBRARY = assetPath("");
/** A line of the compiler: `a/b.ts(3,14): error TS2322: Type … `; a message may have further lines. */
const LOCATED_ERROR = /^(.+)\((\d+),(\d+)\): (error TS\d+: .*)$/;
/** This library is not installed there, so other errors may only be due to its missing types. */
const NO_LIBRARY = /^error TS2307: .*'tsmr(\/testing)?'/;
/** So may they if those of Node.js are not, or the settings leave them out, which is the default of TypeScript 6. */
const NO_NODE = /^error TS(2580|2584|2591): |^error TS2307: .*'node:/;
/** The end of the name of the settings of a check. */
const OWN_SETTINGS = ".check.tsconfig.json";
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Checks the types of an app, which compiling only strips, with the TypeScript of its author. Without that, or
 * without a tsconfig.json, there is no check. Neither is taken from a folder that others may write into.
 *
 * The compiler is run as a command, which works the same in all of its versions. An app that passed is not
 * checked again until one of the files that were read has changed.
 *
 * @param signal ends the check early, as if it had found no error
 * @returns in one line, what is wrong with the settings, so that the types are not checked; undefined otherwise
 * @throws MrError with the compiler's first error in the app, or in a local file it imports: the whole message, which
 *   may have several lines
 */
export async function checkAppTypes(app: string, signal: AbortSignal): Promise<string | undefined> {
  const config = findUpwards(dirname(app), "tsconfig.json", (folder) => isTrusted(folder, app));
  const compiler = findUpwards(dirname(app), "node_modules/typescript/package.json", (folder) => {
    const modules = join(folder, "node_modules");
    return [folder, modules, join(modules, "typescript")].every((part) => isTrusted(part, app));
  });
  if (config === undefined || compiler === undefined) return undefined;
  const project: Project = { app, config, compiler };
  const name = sha256(`${app}\n${config}\n${compiler}\n${LIBRARY}`);
  const passedPath = join(appCacheDir(), `${name}.types.json`);
  const declarations = listDeclarations(dirname(config));
  if (hasPassed(passedPath, declarations)) return undefined;

  const startedMs = Date.now();
  const { code, lines } = await runCompiler(project, `${name}.${process.pid}`, signal);
  const errors = errorsIn(lines);
  // Another code without an error in the app means that the compiler is broken, or rejects its settings or a
  // package. The app may be right, so that is ignored.
  if (code === 0) {
    // The compiler and this library have a version, which their files depend on.
    const fixed = [`${dirname(compiler)}${sep}`, LIBRARY];
    const read = [...lines, ...manifestsIn(lines)].filter((line) => {
      return isAbsolute(line) && !fixed.some((folder) => line.startsWith(folder));
    });
    const configs = readConfigs([dirname(config)])?.map(({ file }) => file);
    const all = [app, compiler, ...(configs ?? []), ...read].filter((file) => existsSync(file));
    // Settings that cannot be followed may change unseen.
    if (configs !== undefined && declarations !== undefined) {
      remember(passedPath, all, declarations, lookupsIn(lines), startedMs);
    }
  }
  const settings = settingsError(lines);
  if (settings !== undefined) return settings;
  const [first] = errors;
  if (first === undefined || errors.some(({ text }) => NO_LIBRARY.test(text))) return undefined;
  const missing = errors.find(({ text }) => NO_NODE.test(text));
  if (missing !== undefined) return `${missing.at}: ${missing.text.split("\n", 1)[0]}`;
  const more = errors.length - 1;
  const others = more === 0 ? "" : ` (and ${more} more ${more === 1 ? "error" : "errors"})`;
  throw new MrError("APP_TYPE_ERROR", `${first.at}: ${first.text}${others}`);
}

/** The errors in the app and in local files that it imports. */
function errorsIn(lines: readonly string[]): { readonly at: string; readonly text: string }[] {
  return lines.flatMap((line, index) => {
    const [, file, row, column, text = ""] = LOCATED_ERROR.exec(line) ?? [];
    const path = resolve("/", file ?? "");
    if (file === undefined || !isLocalSource(path) || path.endsWith(".json")) return [];
    const message = [text, ...continuation(lines, index + 1)].join("\n");
    return [{ at: `${shortPath(path)}:${row}:${column}`, text: message }];
  });
}

/**
 * The first error in the settings. The compiler goes on with the rest of them, such as without `types`, so that what it
 * says of the app may be due to that.
 */
function settingsError(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    if (/^error TS\d+: /.test(line)) return line;
    const [, file = "", row, column, text] = LOCATED_ERROR.exec(line) ?? [];
    if (!file.endsWith(".json")) continue;
    // Its own settings are in a file that is removed after the check.
    const isOwn = file.endsWith(OWN_SETTINGS);
    return isOwn ? text : `${shortPath(resolve("/", file))}:${row}:${column}: ${text}`;
  }
  return undefined;
}

function shortPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith("..") ? path : below;
}

/** The further lines of a message, which are indented. */
function continuation(lines: readonly string[], from: number): readonly string[] {
  const length = lines.slice(from).findIndex((line) => !/^\s+\S/.test(line));
  return lines.slice(from, length < 0 ? undefined : from + length);
}

/** Runs the compiler. The code is undefined if the compiler did not run to its end. */
async function runCompiler(
  project: Project,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly code: number | undefined; readonly lines: readonly string[] }> {
  const settings = join(appCacheDir(), `${name}${OWN_SETTINGS}`);
  let child: ChildProcess | undefined;
  const onExit = () => {
    child?.kill();
    rmSync(settings, { force: true });
  };
  const forgetExit = atExit(onExit);
  try {
    const manifest: { readonly version?: string; readonly bin?: { readonly tsc?: string } } =
      JSON.parse(readFileSync(project.compiler, "utf8"));
    const { version = "", bin } = manifest;
    const tsc = join(dirname(project.compiler), bin?.tsc ?? "bin/tsc");
    publish(settings, JSON.stringify(checkSettings(project, version)));
    return await new Promise((done) => {
      child = execFile(
        process.execPath,
        [tsc, "--project", settings, "--pretty", "false", "--listFiles", "--traceResolution"],
        // Paths in errors are relative to this directory, which is reached through no symbolic link.
        { cwd: "/", maxBuffer: MAX_OUTPUT_BYTES, signal },
        (error, stdout) => {
          const failed = typeof error?.code === "number" ? error.code : undefined;
          done({ code: error === null ? 0 : failed, lines: stdout.split(/\r?\n/) });
        },
      );
    });
  } catch {
    // Unreadable settings, for example, are not an error of the app.
    return { code: undefined, lines: [] };
  } finally {
    forgetExit();
    rmSync(settings, { force: true });
  }
}

/**
 * The author's settings, applied to the app alone, without settings for output files and style. The module
 * settings are replaced, because the app is bundled into an ES module: with `"module": "commonjs"`, the compiler
 * does not find this library.
 */
function checkSettings({ app, config }: Project, version: string): object {
  const folder = dirname(config);
  const roots = ancestors(folder).map((parent) => join(parent, "node_modules/@types"));
  const hasTypeRoots = readFileSync(config, "utf8").includes('"typeRoots"');
  return {
    extends: config,
    files: [app],
    // Declarations for all files of the project count for the app.
    include: [`${folder}/**/*.d.ts`],
    exclude: EXCLUDED_FOLDERS.map((name) => `${folder}/**/${name}`),
    compilerOptions: {
      noEmit: true,
      incremental: false,
      composite: false,
      tsBuildInfoFile: null,
      declaration: false,
      declarationMap: false,
      emitDeclarationOnly: false,
      isolatedDeclarations: false,
      rootDir: "/",
      allowImportingTsExtensions: true,
      // The app is compiled for this version of Node, whatever its author's default is: ES5 in TypeScript 5. Redeclared
      // fields are an error with newer targets alone.
      target: "esnext",
      useDefineForClassFields: false,
      // CommonJS is bundled as well, for which versions before 5.4 have no setting.
      module: /^5\.[0-3]\./.test(version) ? "esnext" : "preserve",
      moduleResolution: "bundler",
      outFile: null,
      skipLibCheck: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      // The default is relative to these settings, which are in another directory.
      ...(hasTypeRoots ? {} : { typeRoots: roots }),
    },
  };
}

function hasPassed(passedPath: string, declarations: readonly string[] | undefined): boolean {
  try {
    const passed = JSON.parse(readFileSync(passedPath, "utf8")) as Passed;
    return (
      JSON.stringify(passed.declarations) === JSON.stringify(declarations) &&
      Object.entries(passed.stamps).every(([file, stamp]) => stampOf(file) === stamp) &&
      isFoundAgain(passed)
    );
  } catch {
    // Never checked, or a file is gone: the app is checked again.
    return false;
  }
}

function remember(
  passedPath: string,
  files: readonly string[],
  declarations: readonly string[],
  lookups: Lookups,
  startedMs: number,
): void {
  // A file that was saved during the check may not be the one that was checked.
  if (files.some((file) => statSync(file).ctimeMs > startedMs) || !isFoundAgain(lookups)) return;
  const stamps = Object.fromEntries(files.map((file) => [file, stampOf(file)]));
  publish(passedPath, JSON.stringify({ stamps, declarations, ...lookups } satisfies Passed));
}

function stampOf(file: string): string {
  // An editor, or a tool that unpacks files, may keep the time of modification.
  const { mtimeMs, ctimeMs, size } = statSync(file);
  return `${mtimeMs} ${ctimeMs} ${size}`;
}

function isLocalSource(path: string): boolean {
  return !path.includes(`${sep}node_modules${sep}`) && !path.startsWith(LIBRARY);
}
