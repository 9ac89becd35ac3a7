import { type Dirent, readdir, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { describeCause, MrError } from "../../base/errors.ts";
import { byBytes } from "../storage.ts";

/** Links between directories can lead to one of them in more ways than can be tried. */
const MAX_WAYS = 100;

/**
 * The files that match a pattern of fast-glob, in the order of their names' bytes. Symbolic links are followed, but
 * each file is found once, by the name without links if it has one that matches, and a link that leads
 * back to a directory on its own path is not followed.
 *
 * @returns relative paths where the pattern is relative; `pattern` itself if it has no wildcards
 * @throws MrError when no file matches, or links lead to a directory in too many ways
 */
export async function matchPattern(pattern: string, cwd: string): Promise<string[]> {
  // Loaded only when needed: most shells have expanded the patterns before.
  const { default: fastGlob } = await import("fast-glob");
  if (!fastGlob.isDynamicPattern(pattern)) return [pattern];
  const links = new LinkGuard();
  const fs = { readdir: links.readdir as typeof readdir };
  const options = { cwd, fs, onlyFiles: false, objectMode: true } as const;
  const entries = await fastGlob.glob(pattern, options).catch((error: unknown) => {
    throw unlisted(pattern, error);
  });
  // A pipe, a device, or a link, which has no target here, is refused when it is looked at, as in a directory.
  const files = entries.filter(({ dirent }) => !dirent.isDirectory());
  if (files.length === 0) throw new MrError("INPUT_NOT_FOUND", `No file matches "${pattern}"`);
  return onceEach(
    files.map(({ path }) => path),
    (path) => links.realPath(resolve(cwd, path)),
  );
}

/**
 * Leaves out names of the same file: all but the one without links, or else the first.
 *
 * @param realPath the path of a file without links
 * @returns the others in the order of their bytes
 */
export function onceEach(
  names: readonly string[],
  realPath: (name: string) => { readonly path: string; readonly hasLinks: boolean },
): string[] {
  const chosen = new Map<string, { readonly name: string; readonly hasLinks: boolean }>();
  for (const name of [...names].sort(byBytes)) {
    const { path, hasLinks } = realPath(name);
    const other = chosen.get(path);
    if (other === undefined || (other.hasLinks && !hasLinks)) chosen.set(path, { name, hasLinks });
  }
  return [...chosen.values()].map(({ name }) => name).sort(byBytes);
}

function unlisted(pattern: string, error: unknown): MrError {
  if (error instanceof MrError) return error;
  const { path } = error as NodeJS.ErrnoException;
  const where = path === undefined ? "" : ` in directory "${path}"`;
  const why = `Cannot list the files of pattern "${pattern}"${where}: ${describeCause(error)}`;
  return new MrError("INPUT_UNREADABLE", why);
}

type Callback = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

/** Lists directories for fast-glob, and knows which of their entries are links. */
class LinkGuard {
  readonly #links = new Set<string>();
  readonly #realPaths = new Map<string, string>();
  /** In how many ways a directory was reached, by its path without links. */
  readonly #ways = new Map<string, number>();

  readonly readdir = (path: string, options: { withFileTypes: true }, done: Callback): void => {
    const directory = resolve(path);
    try {
      if (this.#isLoop(directory)) {
        done(null, []);
        return;
      }
      this.#countWay(directory);
    } catch (error) {
      done(error as NodeJS.ErrnoException, []);
      return;
    }
    readdir(path, options, (error, entries) => {
      for (const entry of entries ?? []) {
        if (entry.isSymbolicLink()) this.#links.add(join(directory, entry.name));
      }
      done(error, entries);
    });
  };

  /** The path of a found file without links. `hasLinks` ignores links above the listed directories. */
  realPath(path: string): { path: string; hasLinks: boolean } {
    let hasLinks = false;
    if (this.#links.size > 0)
      for (let at = path; at !== dirname(at); at = dirname(at)) hasLinks ||= this.#links.has(at);
    if (this.#links.has(path)) return { path: this.#realPath(path), hasLinks };
    return { path: join(this.#realPath(dirname(path)), basename(path)), hasLinks };
  }

  /** Whether a link leads to a directory that is above it, on its path or in reality. */
  #isLoop(directory: string): boolean {
    if (!this.#links.has(directory)) return false;
    const target = this.#realPath(directory);
    const prefix = target.endsWith(sep) ? target : target + sep;
    for (let at = dirname(directory); ; at = dirname(at)) {
      if (`${this.#realPath(at)}${sep}`.startsWith(prefix)) return true;
      if (at === dirname(at)) return false;
    }
  }

  #countWay(directory: string): void {
    const path = this.#realPath(directory);
    const ways = (this.#ways.get(path) ?? 0) + 1;
    this.#ways.set(path, ways);
    if (ways <= MAX_WAYS) return;
    const why = `symbolic links lead to directory "${path}" in more than ${MAX_WAYS} ways`;
    throw new MrError("INPUT_UNREADABLE", `Cannot list the files of a pattern: ${why}`);
  }

  #realPath(path: string): string {
    let real = this.#realPaths.get(path);
    if (real === undefined) {
      try {
        real = realpathSync.native(path);
      } catch {
        // A link without a target, which is refused when it is looked at as an input.
        real = path;
      }
      this.#realPaths.set(path, real);
    }
    return real;
  }
}
