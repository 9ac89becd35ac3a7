import { existsSync, readFileSync } from "node:fs";

/** The version of this package. Where its manifest is depends on whether this runs from the sources. */
export function packageVersion(): string {
  for (const above of ["../", "../../", "../../../"]) {
    const manifest = new URL(`${above}package.json`, import.meta.url);
    if (!existsSync(manifest)) continue;
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    return version;
  }
  throw new Error("The package has no package.json");
}
