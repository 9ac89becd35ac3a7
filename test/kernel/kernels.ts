import { createKernel, type KernelOptions } from "../../src/mr/kernel/create-kernel.ts";
import type { Kernel } from "../../src/mr/kernel/kernel.ts";
import { PlainKernel } from "./plain-kernel.ts";

/** Both implementations: every test of behaviour runs on each. */
export const KERNELS: ReadonlyArray<[string, (options: KernelOptions) => Kernel]> = [
  ["WebAssembly", createKernel],
  [
    "plain",
    ({ blockBytes = 1 << 20, outputBytes = 1 << 18 }) => new PlainKernel(blockBytes, outputBytes),
  ],
];
