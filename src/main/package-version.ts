import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../mr/base/assets.ts";

/** The version of this package. */
export function packageVersion(): string {
  const manifest = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
