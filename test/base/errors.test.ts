import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeCause, errorCode } from "../../src/mr/base/errors.ts";

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe("the cause of a failure", () => {
  it("is said in words and with its code when it is the system's", () => {
    const missing = thrownBy(() => readFileSync("/nowhere/at/all"));
    expect(describeCause(missing)).toBe("no such file or directory (ENOENT)");
    expect(errorCode(missing)).toBe("ENOENT");
  });

  it("is the message of any other error, also of one with a code that no system has", () => {
    const own = Object.assign(new Error("the reason"), { code: "ERR_OWN" });
    expect(describeCause(own)).toBe("the reason");
    expect(describeCause(new TypeError("wrong"))).toBe("wrong");
    expect(errorCode(new TypeError("wrong"))).toBeUndefined();
  });

  it("is the value itself when something else was thrown", () => {
    expect(describeCause("a string")).toBe("a string");
    expect(describeCause(undefined)).toBe("undefined");
    expect(errorCode({ code: "ENOENT" })).toBeUndefined();
  });
});
