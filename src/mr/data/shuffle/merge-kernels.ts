import { MergeKernel } from "../../kernel/merge-kernel.ts";

/** The memory of a larger one is given back. */
const MAX_IDLE_BYTES = 6 * 1024 * 1024;

let idle: MergeKernel | undefined;
let isAvailable = process.env["TSMR_KERNEL"] !== "plain";

/** A kernel that nobody uses; undefined where the engine can't run it, or is told not to. */
export function idleMergeKernel(): MergeKernel | undefined {
  if (idle !== undefined) {
    const kernel = idle;
    idle = undefined;
    return kernel;
  }
  if (!isAvailable) return undefined;
  try {
    return new MergeKernel();
  } catch {
    // No WebAssembly, or no SIMD: slower, but the same results.
    isAvailable = false;
    return undefined;
  }
}

/** Takes a kernel back: one merge after the other needs one, and it takes time to make. */
export function giveMergeKernel(kernel: MergeKernel): void {
  if (kernel.bytes.length <= MAX_IDLE_BYTES) idle = kernel;
}
