import { MergeKernel } from "../../kernel/merge-kernel.ts";

/** The memory of a larger one is given back. */
const MAX_IDLE_BYTES = 6 * 1024 * 1024;

let idle: MergeKernel | undefined;

/** A kernel that is not in use. */
export function idleMergeKernel(): MergeKernel {
  const kernel = idle ?? new MergeKernel();
  idle = undefined;
  return kernel;
}

/** Takes a kernel back: one merge after the other needs one, and it takes time to make. */
export function giveMergeKernel(kernel: MergeKernel): void {
  if (kernel.bytes.length <= MAX_IDLE_BYTES) idle = kernel;
}
