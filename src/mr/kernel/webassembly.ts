import { readAsset } from "../base/assets.ts";
import { MrError } from "../base/errors.ts";
import { messageOf } from "../base/thrown.ts";

/**
 * The part of the WebAssembly JavaScript interface that is used here. The types of Node do not declare
 * it, and the library that does (`dom`) would declare a whole browser with it.
 */

/** A memory whose views stay valid when it grows, though its buffer becomes another object. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A memory that detaches its buffer when it grows. */
export interface UnsharedMemory {
  readonly buffer: ArrayBuffer;
  /** @throws RangeError when there is no memory */
  grow(pages: number): number;
}

export interface WasmGlobal {
  readonly value: number;
}

type Functions<Names extends string, Parameters extends readonly number[]> = Readonly<
  Record<Names, (...parameters: Parameters) => number>
>;
type Two = [number, number];

/** The exports of kernel.wasm; assembly/kernel.ts names the parameters. */
export type WasmExports = Readonly<
  Record<"BLOCK" | "LETTERS" | "PAGES" | "SCRATCH" | "SCRATCH_BYTES", WasmGlobal> &
    Record<"idsAt" | "startsAt" | "endsAt" | "lineEndsAt" | "outputAt" | "outputEnd", WasmGlobal>
> &
  Functions<"keyCount" | "pairBytes" | "pairCount" | "reset" | "sortKeys", []> &
  Functions<"sortPairs" | "tableBytes", []> &
  Functions<"allocate" | "keyAddress" | "keyHash" | "keyLength", [number]> &
  Functions<"pairHash" | "pairKey" | "pairKeyLength", [number]> &
  Functions<"intern" | "open" | "scanLines" | "scanWords", Two> &
  Functions<"writeKey" | "writeNumbers" | "writePairKey" | "writePairs", Two> &
  Functions<"appendPair", [...Two, ...Two]> &
  Functions<"appendTexts", [...Two, ...Two, number]>;

interface WasmInterface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (limits: object) => unknown;
}

const compiled = new Map<string, object>();

/** @throws MrError RUNTIME_UNSUITABLE where the engine runs without WebAssembly (`--jitless`) */
export function instantiate(name: "kernel.wasm" | "merge.wasm", imports: object): unknown {
  const { Module, Instance } = webAssembly();
  const module = compiled.get(name) ?? new Module(readAsset(`mr/kernel/${name}`));
  compiled.set(name, module);
  return new Instance(module, imports).exports;
}

/**
 * @returns a {@link WasmMemory} if the limits say `shared`, otherwise an {@link UnsharedMemory}
 * @throws MrError RUNTIME_UNSUITABLE where there is no address space for it
 */
export function reserveMemory(limits: object): unknown {
  const { Memory } = webAssembly();
  try {
    return new Memory(limits);
  } catch (error) {
    throw new MrError(
      "RUNTIME_UNSUITABLE",
      `Cannot reserve address space for WebAssembly: ${messageOf(error)}. ` +
        "Where it is limited (ulimit -v), set NODE_OPTIONS=--disable-wasm-trap-handler",
      { cause: error },
    );
  }
}

function webAssembly(): WasmInterface {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WasmInterface };
  if (WebAssembly !== undefined) return WebAssembly;
  throw new MrError(
    "RUNTIME_UNSUITABLE",
    "Cannot run without WebAssembly: start Node without --jitless",
  );
}
