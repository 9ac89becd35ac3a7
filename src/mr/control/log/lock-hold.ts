import { MrError } from "../../base/errors.ts";

/** A lock that this process has. */
export interface Hold {
  /** Whether its file is there. */
  isThere(): boolean;
  /** Never throws. Harmless when it is called again. */
  release(): void;
}

/** @param why what is special about the lock */
export function inUse(directory: string, why?: string): MrError {
  const whose = why === undefined ? "" : `: ${why}`;
  return new MrError(
    "JOB_IN_USE",
    `Another coordinator is already running in directory "${directory}"${whose}`,
  );
}
