import type { Kernel } from "./kernel.ts";
import { PlainKernel } from "./plain-kernel.ts";
import { compileKernel, WasmKernel } from "./wasm-kernel.ts";

/** What a kernel may be told. */
export interface KernelOptions {
  /** The capacity of its block in bytes, 1 MiB unless told; at least 1, at most 256 MiB. */
  readonly blockBytes?: number;
  /**
   * `wasm` or `plain` insist on one; `auto` takes WebAssembly where it has SIMD. Unless told, the
   * environment variable TSMR_KERNEL says which, and `auto` where it says nothing.
   */
  readonly kind?: "auto" | "wasm" | "plain";
}

const DEFAULT_BLOCK_BYTES = 1 << 20;
const MAX_BLOCK_BYTES = 1 << 28;

/**
 * A new kernel, with a table of its own.
 *
 * @throws RangeError for a block size out of range
 * @throws TypeError for a kind that does not exist
 * @throws Error when `wasm` is asked for and this engine can't run it
 */
export function createKernel(options: KernelOptions = {}): Kernel {
  const blockBytes = options.blockBytes ?? DEFAULT_BLOCK_BYTES;
  if (!Number.isInteger(blockBytes) || blockBytes < 1 || blockBytes > MAX_BLOCK_BYTES) {
    throw new RangeError(`Cannot make a kernel: blockBytes is ${blockBytes}, not 1 to 2^28`);
  }
  const { TSMR_KERNEL } = process.env;
  const kind = options.kind ?? TSMR_KERNEL ?? "auto";
  switch (kind) {
    case "plain":
      return new PlainKernel(blockBytes);
    case "wasm":
      return new WasmKernel(compileKernel(), blockBytes);
    case "auto":
      return automatic(blockBytes);
    default:
      throw new TypeError(`Cannot make a kernel: no kind "${kind}" (auto, wasm, plain)`);
  }
}

function automatic(blockBytes: number): Kernel {
  try {
    return new WasmKernel(compileKernel(), blockBytes);
  } catch {
    // No SIMD, no shared memory, or no address space to reserve: slower, but the same results.
    return new PlainKernel(blockBytes);
  }
}
