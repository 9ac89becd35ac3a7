import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** The memory of live objects in bytes, inside and outside V8's heap. */
export function memoryInUse(): number {
  collectGarbage();
  // Memory outside the heap is freed on another thread, which the next collection waits for.
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
