import type { FaultKind } from "./faults.ts";

interface Cause {
  readonly name: string;
  readonly says: RegExp;
  /** The faults one of which must have been done to the job. */
  readonly after: readonly FaultKind[];
}

const DEATHS: readonly FaultKind[] = ["kill worker", "kill all"];
const DAMAGE: readonly FaultKind[] = ["delete file", "cut file", "corrupt file"];
const STOPS: readonly FaultKind[] = ["stop worker", "stop coordinator"];

/** Why a command may fail, by what it says. Anything else is a mistake in it. */
const CAUSES: readonly Cause[] = [
  { name: "disk full", says: /ENOSPC|no space left/, after: ["fill disk"] },
  { name: "interrupted", says: /interrupted/, after: ["interrupt"] },
  {
    name: "a task lost too often",
    says: /task \d+ was lost \d+ times/,
    after: [...DEATHS, ...DAMAGE, ...STOPS, "kill coordinator"],
  },
  {
    name: "another one was quicker",
    says: /Another coordinator is already running/,
    after: ["second coordinator"],
  },
  { name: "too many workers died", says: /too many workers died/, after: DEATHS },
];

/**
 * Finds the cause of a failure.
 *
 * @param text what the command has printed
 * @param done how often which fault has been done to its job
 * @returns its name, or undefined where nothing that was done explains it
 */
export function causeOf(text: string, done: ReadonlyMap<FaultKind, number>): string | undefined {
  const isDone = (kind: FaultKind) => (done.get(kind) ?? 0) > 0;
  return CAUSES.find(({ says, after }) => says.test(text) && after.some(isDone))?.name;
}
