import { UsageError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import type { RunJobOptions } from "./run-job.ts";

type EngineName = NonNullable<RunJobOptions["engine"]>;

/** The engines by name. Each is loaded when a job names it. */
const ENGINES: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  local: async () => (await import("./local/local-engine.ts")).localEngine,
  sequential: async () => (await import("./sequential/sequential-engine.ts")).sequentialEngine,
};

/** @throws UsageError when there is no such engine */
export async function loadEngine(name: EngineName): Promise<Engine> {
  if (Object.hasOwn(ENGINES, name)) return await ENGINES[name]();
  throw new UsageError(
    `Cannot run a job: engine must be one of ${Object.keys(ENGINES).join(" or ")}`,
  );
}
