import { compileApp } from "../mr/app/load/compile-app.ts";
import { appName, findApp } from "../mr/app/load/find-app.ts";
import { currentDirectory } from "../mr/base/directories.ts";
import type { ErrorCode } from "../mr/base/errors.ts";
import { plural } from "../mr/base/text.ts";
import { checkSameLimits, refuseToResume } from "../mr/engines/refuse-to-resume.ts";
import type { MaxBadRecords } from "../mr/job/bad-records.ts";
import type { JobEvent } from "../mr/job/events.ts";
import { isSameVersion } from "../mr/job/job-spec.ts";
import { settingDigests } from "../mr/job/setting-digests.ts";
import { type FilePart, partsOf } from "../mr/job/split.ts";
import { resolveInputs, storageFor } from "../mr/storage/registry.ts";

/** What the command line says of the job that it resumes. */
export interface NamedJob {
  /** The path or the name of an app. */
  readonly app: string;
  /** Paths and patterns; none for the inputs of the job. */
  readonly inputs: readonly string[];
  readonly reduces?: number | undefined;
  readonly skipBadRecords?: boolean | undefined;
  readonly maxBadRecords?: MaxBadRecords | undefined;
}

type Plan = JobEvent & { readonly type: "jobPlanned" };

/**
 * Checks that a complete job is the one that the command line names: its output must not be taken for that of another
 * app, of other inputs, or of other settings. Inputs and settings that are not given are not compared.
 *
 * @param directory of the job, for messages
 * @param plan the job as its event log has it
 * @throws MrError `RESUME_MISMATCH`; `INPUT_CHANGED` for an input that has changed since the job began; those of
 *   finding an app and inputs
 */
export async function checkSameJob(directory: string, plan: Plan, named: NamedJob): Promise<void> {
  const refuse = (why: string, code?: ErrorCode) => refuseToResume(directory, why, code);
  if (named.reduces !== undefined && named.reduces !== plan.reduces) {
    refuse(`it has ${plural(plan.reduces, "reduce task")}, not ${named.reduces}`);
  }
  checkSameLimits(directory, plan, named);
  if (!(await isSameApp(plan, named.app))) {
    refuse(`it began with app "${plan.app}", and "${named.app}" is another app now`);
  }
  const setting = otherSetting(plan.settings ?? {});
  if (setting !== undefined) refuse(`it began with another value of ${setting}`);
  if (named.inputs.length === 0) return;
  const cwd = currentDirectory();
  const began = inputsOf(plan);
  const now = await resolveInputs(named.inputs, cwd);
  const isSameList =
    began.length === now.length &&
    began.every(({ file }, index) => {
      const other = now[index]?.url ?? "";
      return pathOf(file, plan.inputDirectory ?? cwd) === pathOf(other, cwd);
    });
  if (!isSameList) refuse("it has other input files");
  for (const [index, { file, size, version }] of began.entries()) {
    const other = now[index];
    const isKnown = size !== undefined && version !== undefined;
    if (!isKnown || (other?.size === size && isSameVersion(other.version, version, "contents")))
      continue;
    refuse(`input "${file}" has changed since it began`, "INPUT_CHANGED");
  }
}

async function isSameApp(plan: Plan, app: string): Promise<boolean> {
  const path = findApp(app, currentDirectory());
  if (plan.digest !== undefined) return (await compileApp(path)).digest === plan.digest;
  // An earlier version of this package has written the log.
  return plan.app === appName(path);
}

/** The name of an environment variable that is set, and was not, or to another value. */
function otherSetting(began: Readonly<Record<string, string | null>>): string | undefined {
  return Object.keys(began).find((name) => {
    const value = process.env[name];
    return value !== undefined && settingDigests({ [name]: value })[name] !== began[name];
  });
}

/** The inputs of a job, in order: the first parts of their files. */
function inputsOf({ splits }: Plan): FilePart[] {
  const parts = splits.flatMap(partsOf);
  return parts.filter(({ file, start }, index) => {
    const before = parts[index - 1];
    return before === undefined || before.file !== file || start <= before.start;
  });
}

function pathOf(url: string, directory: string): string {
  return storageFor(url).resolve(directory, url);
}
