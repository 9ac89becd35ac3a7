import type { Kernel } from "./kernel.ts";
import { WasmKernel } from "./wasm-kernel.ts";

const DEFAULT_BLOCK_BYTES = 1 << 20;
const DEFAULT_OUTPUT_BYTES = 1 << 18;
const MAX_BYTES = 1 << 28;

export interface KernelOptions {
  /** The capacity of its block in bytes: 1 MiB by default, at least 1, at most 256 MiB. */
  readonly blockBytes?: number;
  /** The capacity of its output in bytes: 256 KiB by default, with the same limits. */
  readonly outputBytes?: number;
}

/** @throws RangeError for a capacity out of range, MrError RUNTIME_UNSUITABLE without WebAssembly */
export function createKernel(options: KernelOptions = {}): Kernel {
  const { blockBytes = DEFAULT_BLOCK_BYTES, outputBytes = DEFAULT_OUTPUT_BYTES } = options;
  for (const [name, bytes] of Object.entries({ blockBytes, outputBytes })) {
    if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MAX_BYTES) continue;
    throw new RangeError(`Cannot make a kernel: ${name} is ${bytes}, not a whole number 1 to 2^28`);
  }
  return new WasmKernel(blockBytes, outputBytes);
}
