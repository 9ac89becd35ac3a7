import { JSONRPCErrorException } from "json-rpc-2.0";
import { mapOutputName, parseMapOutputName, reduceOutputName } from "../../job/names.ts";
import type { AttemptId, OutputFile } from "../../job/task.ts";
import { RPC_ERRORS } from "../protocol/protocol.ts";

/**
 * Checks that a report on a completed task names all its outputs: what is not said of one could never be
 * checked.
 *
 * @param reduces number of reduce tasks
 * @throws JSONRPCErrorException (`invalidParams`) saying what they are
 */
export function checkOutputs(
  { phase, task }: AttemptId,
  outputs: readonly OutputFile[],
  reduces: number,
): void {
  const names =
    phase === "map"
      ? Array.from({ length: reduces }, (_, reduce) => mapOutputName(task, reduce))
      : [reduceOutputName(task)];
  if (names.length === outputs.length && names.every((name, at) => name === outputs[at]?.name)) {
    return;
  }
  throw new JSONRPCErrorException(
    `task.complete: outputs: those of ${phase} task ${task} are ${names[0]} … ${names.at(-1)}`,
    RPC_ERRORS.invalidParams,
  );
}

/** The map tasks whose outputs for this very reduce task a report calls missing or damaged. */
export function damagedMapsOf({ phase, task }: AttemptId, names: readonly string[] = []): number[] {
  if (phase !== "reduce") return [];
  return names.flatMap((name) => {
    const parsed = parseMapOutputName(name);
    return parsed?.reduce === task ? parsed.map : [];
  });
}
