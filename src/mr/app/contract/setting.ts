import type { Settings } from "../../job/job-spec.ts";

/** The settings that the app of this process has read, by name. */
const taken = new Map<string, string | null>();
let isSealed = false;

/**
 * Reads an environment variable that the app's result depends on. Settings are part of the job: a worker
 * with other values is refused, and so is `--resume` with other values. Variables that an app reads from
 * `process.env` are not checked.
 *
 * Call it at the top of the app's module, not in `map` or `reduce`: the values must be known before the
 * first task.
 *
 * @param name the name of the variable
 * @returns its value; undefined if it is not set
 * @throws Error if it is called after the app was loaded
 */
export function setting(name: string): string | undefined;
/**
 * The same with a default value.
 *
 * @param name the name of the variable
 * @param otherwise the value if it is not set
 * @throws Error if it is called after the app was loaded
 */
export function setting(name: string, otherwise: string): string;
export function setting(name: string, otherwise?: string): string | undefined {
  if (!isSealed) taken.set(name, process.env[name] ?? null);
  const value = taken.get(name);
  if (value === undefined) {
    throw new Error(`setting("${name}") comes too late: call it at the top of the app's module`);
  }
  return value ?? otherwise;
}

/** The settings of this process's app. Later calls of {@link setting} for other names throw. */
export function sealSettings(): Settings {
  isSealed = true;
  return Object.fromEntries([...taken].sort(([a], [b]) => (a < b ? -1 : 1)));
}
