/**
 * The little of the WebAssembly JavaScript interface that is used here. The types of Node do not
 * declare it, and the library that does (`dom`) would declare a whole browser with it.
 */

/** Opaque: what a `WebAssembly.Module` is. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

/** A memory; its buffer is a new object after it has grown. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A memory of one thread; growing it detaches its buffer. */
export interface UnsharedMemory {
  readonly buffer: ArrayBuffer;
  /** @throws RangeError when there is no memory */
  grow(pages: number): number;
}

/** An exported global. */
export interface WasmGlobal {
  readonly value: number;
}

interface WasmInterface {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
  readonly Memory: {
    new (limits: {
      readonly initial: number;
      readonly maximum: number;
      readonly shared: true;
    }): WasmMemory;
    new (limits: { readonly initial: number }): UnsharedMemory;
  };
}

/**
 * The interface itself.
 *
 * @throws Error where the engine runs without WebAssembly (`--jitless`)
 */
export function webAssembly(): WasmInterface {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WasmInterface };
  if (WebAssembly === undefined) throw new Error("Cannot run WebAssembly: this engine has none");
  return WebAssembly;
}
