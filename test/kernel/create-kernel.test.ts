import { afterEach, describe, expect, it, vi } from "vitest";
import { createKernel } from "../../src/mr/kernel/create-kernel.ts";

describe("createKernel", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it("refuses what it can't make, and says what it was", () => {
    expect(() => createKernel({ blockBytes: 0 })).toThrow(/blockBytes is 0/);
    expect(() => createKernel({ outputBytes: 1.5 })).toThrow(/outputBytes is 1.5/);
    vi.stubEnv("TSMR_KERNEL", "fast");
    expect(() => createKernel()).toThrow(/no kind "fast"/);
  });

  it("takes WebAssembly unless told otherwise", () => {
    expect(createKernel({ blockBytes: 10 }).kind).toBe("wasm");
    vi.stubEnv("TSMR_KERNEL", "plain");
    expect(createKernel().kind).toBe("plain");
  });

  it("falls back to plain TypeScript in an engine without WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(createKernel().kind).toBe("plain");
    expect(() => createKernel({ kind: "wasm" })).toThrow(/this engine has none/);
  });
});
