import type { Kernel } from "./kernel.ts";
import { PlainKernel } from "./plain-kernel.ts";
import { compileKernel, WasmKernel } from "./wasm-kernel.ts";

/** What a kernel may be told. */
export interface KernelOptions {
  /** The capacity of its block in bytes, 1 MiB unless told; at least 1, at most 256 MiB. */
  readonly blockBytes?: number;
  /** The capacity of its output in bytes, 256 KiB unless told; limits as above. */
  readonly outputBytes?: number;
  /**
   * `wasm` or `plain` insist on one; `auto` takes WebAssembly where it has SIMD. Unless told, the
   * environment variable TSMR_KERNEL says which, and `auto` where it says nothing.
   */
  readonly kind?: "auto" | "wasm" | "plain";
}

const DEFAULT_BLOCK_BYTES = 1 << 20;
const DEFAULT_OUTPUT_BYTES = 1 << 18;
const MAX_BYTES = 1 << 28;

/**
 * A new kernel, with a table of its own.
 *
 * @throws RangeError for a capacity out of range
 * @throws TypeError for a kind that does not exist
 * @throws Error when `wasm` is asked for and this engine can't run it
 */
export function createKernel(options: KernelOptions = {}): Kernel {
  const { blockBytes = DEFAULT_BLOCK_BYTES, outputBytes = DEFAULT_OUTPUT_BYTES } = options;
  checkCapacity("blockBytes", blockBytes);
  checkCapacity("outputBytes", outputBytes);
  const { TSMR_KERNEL } = process.env;
  const kind = options.kind ?? TSMR_KERNEL ?? "auto";
  switch (kind) {
    case "plain":
      return new PlainKernel(blockBytes, outputBytes);
    case "wasm":
      return new WasmKernel(compileKernel(), blockBytes, outputBytes);
    case "auto":
      return automatic(blockBytes, outputBytes);
    default:
      throw new TypeError(`Cannot make a kernel: no kind "${kind}" (auto, wasm, plain)`);
  }
}

function automatic(blockBytes: number, outputBytes: number): Kernel {
  try {
    return new WasmKernel(compileKernel(), blockBytes, outputBytes);
  } catch {
    // No SIMD, no shared memory, or no address space to reserve: slower, but the same results.
    return new PlainKernel(blockBytes, outputBytes);
  }
}

function checkCapacity(name: string, bytes: number): void {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MAX_BYTES) return;
  throw new RangeError(`Cannot make a kernel: ${name} is ${bytes}, not a whole number 1 to 2^28`);
}
