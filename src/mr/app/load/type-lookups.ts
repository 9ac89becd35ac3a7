import { existsSync, realpathSync } from "node:fs";

/** Where a compiler looked for modules. If one of these places changes, an import may lead to another file. */
export interface Lookups {
  /** Files and folders that did not exist. */
  readonly absent: readonly string[];
  /** Where the paths of files led, through links. */
  readonly links: Readonly<Record<string, string>>;
}

const ABSENT = /^(?:File|Directory) '(.+)' does not exist/;
const LINK = /^Resolving real path for '(.+)', result '(.+)'\.$/;
const MANIFEST = /^Found 'package\.json' at '(.+)'\.$/;

/** @param lines what TypeScript prints with `--traceResolution` */
export function lookupsIn(lines: readonly string[]): Lookups {
  const absent = new Set<string>();
  const links: Record<string, string> = {};
  for (const line of lines) {
    const missing = ABSENT.exec(line)?.[1];
    if (missing !== undefined) absent.add(missing);
    const [, path = "", target = ""] = LINK.exec(line) ?? [];
    if (path !== target) links[path] = target;
  }
  return { absent: [...absent], links };
}

/** The package.json of each package that was found. */
export function manifestsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => MANIFEST.exec(line)?.[1] ?? []);
}

/** Whether all places are as they were. */
export function isFoundAgain({ absent, links }: Lookups): boolean {
  try {
    return (
      !absent.some((path) => existsSync(path)) &&
      Object.entries(links).every(([path, target]) => realpathSync.native(path) === target)
    );
  } catch {
    // A link leads nowhere now.
    return false;
  }
}
