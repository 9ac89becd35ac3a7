import { afterEach, expect, it, vi } from "vitest";
import { createKernel } from "../../src/mr/kernel/create-kernel.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

it("refuses a capacity out of range, and names it", () => {
  expect(() => createKernel({ blockBytes: 0 })).toThrow(/blockBytes is 0/);
  expect(() => createKernel({ outputBytes: 1.5 })).toThrow(/outputBytes is 1.5/);
});

it("says how to start Node where there is no WebAssembly", () => {
  vi.stubGlobal("WebAssembly", undefined);
  expect(() => createKernel()).toThrow(
    expect.objectContaining({
      code: "RUNTIME_UNSUITABLE",
      message: "Cannot run without WebAssembly: start Node without --jitless",
    }),
  );
});

it("says how to start Node where there is too little address space", () => {
  class Memory {
    constructor() {
      throw new RangeError("could not allocate memory");
    }
  }
  vi.stubGlobal("WebAssembly", { Module: class {}, Memory });
  expect(() => createKernel()).toThrow(
    expect.objectContaining({
      code: "RUNTIME_UNSUITABLE",
      message: expect.stringContaining("set NODE_OPTIONS=--disable-wasm-trap-handler"),
    }),
  );
});
