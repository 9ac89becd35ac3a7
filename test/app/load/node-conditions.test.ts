import { beforeEach, describe, expect, it, vi } from "vitest";
import { nodeConditions } from "../../../src/mr/app/load/node-conditions.ts";

describe("the conditions of packages that hold in this process", () => {
  beforeEach(({ onTestFinished }) => {
    onTestFinished(() => void vi.unstubAllEnvs());
  });

  function conditionsWith(options: string): string[] {
    vi.stubEnv("NODE_OPTIONS", options);
    return nodeConditions();
  }

  it("F47: are those of the options, in any of their forms", () => {
    const usual = conditionsWith("");
    for (const options of ["--conditions=own", "--conditions own", "-C own", "-C=own"]) {
      expect(conditionsWith(`--no-warnings ${options}`)).toEqual(["own", ...usual]);
    }
    expect(conditionsWith("-C one --conditions=other")).toEqual(["one", "other", ...usual]);
  });

  it("F47: have native addons unless those are turned off", () => {
    expect(conditionsWith("")).toContain("node-addons");
    expect(conditionsWith("--no-addons")).not.toContain("node-addons");
  });
});
