import { MrError } from "../../base/errors.ts";
import { FileJournal } from "../../control/log/file-journal.ts";
import { differenceOf, type Settings } from "../../job/settings.ts";

/**
 * What the workers of a job that is resumed are to be told by environment variables: what the job began
 * with. So whoever resumes it need not remember.
 *
 * @param directory absolute path of the job directory
 * @param digest of the app as it is now
 * @returns the variables to be set, none for a job that never began
 * @throws MrError when the app has changed, or variables are set to something else now: the output would
 *   be a mixture
 */
export function settingsToResume(directory: string, digest: string): Record<string, string> {
  const plan = FileJournal.planOf(directory);
  if (plan === undefined) return {};
  const refuse = (why: string) => {
    throw new MrError(
      "RESUME_MISMATCH",
      `Cannot resume the job in directory "${directory}": ${why}`,
    );
  };
  if (plan.digest !== digest) {
    refuse(`it began with app "${plan.app}" (${plan.digest.slice(0, 12)}…), which is another now`);
  }
  const { settings = {} } = plan;
  const now: Settings = Object.fromEntries(
    Object.keys(settings).map((name) => [name, process.env[name] ?? settings[name] ?? null]),
  );
  const other = differenceOf(settings, now);
  if (other !== undefined) refuse(`it began with ${other.ours}, not with ${other.theirs}`);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (value !== null) environment[name] = value;
  }
  return environment;
}
