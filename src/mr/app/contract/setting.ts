import type { Settings } from "../../job/settings.ts";

/** In one process there is one app that takes part in a job. */
const taken = new Map<string, string | null>();
let isSealed = false;

/**
 * The value of an environment variable that the app's result depends on. What an app has asked for in
 * this way is part of its job: a worker that has other values is refused, and so is going on with the
 * job (`--resume`) with others. What it reads from `process.env` itself is not.
 *
 * To be called at the top of the app's module, not in `map` or `reduce`: the values must be known
 * before the first task.
 *
 * @param name name of the variable
 * @returns its value; undefined if it is not set
 * @throws Error when it comes too late
 */
export function setting(name: string): string | undefined;
/**
 * The same with a value for when it is not set.
 *
 * @param name name of the variable
 * @param otherwise the value if it is not set
 * @throws Error when it comes too late
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

/** What the app of this process has asked for, which from now on does not change. */
export function sealSettings(): Settings {
  isSealed = true;
  return Object.fromEntries([...taken].sort(([a], [b]) => (a < b ? -1 : 1)));
}
