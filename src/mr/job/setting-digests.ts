import { createHash } from "node:crypto";
import type { Settings } from "./job-spec.ts";

/** SHA-256 of the values, which may be secret, for a file that stays after the job. */
export function settingDigests(settings: Settings): Settings {
  const digests: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(settings)) {
    digests[name] = value === null ? null : createHash("sha256").update(value).digest("hex");
  }
  return digests;
}
