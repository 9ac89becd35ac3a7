import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What is not garbage, in bytes, within V8's heap and outside of it. */
export function memoryInUse(): number {
  collectGarbage();
  // What is outside of the heap is given free on another thread, which the next collection waits for.
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
