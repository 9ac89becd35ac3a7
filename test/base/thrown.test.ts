import { describe, expect, it } from "vitest";
import { describeCause } from "../../src/mr/base/errors.ts";
import { visible } from "../../src/mr/base/text.ts";
import { describeThrown, messageOf, shorten, stackOf } from "../../src/mr/base/thrown.ts";
import { AppError } from "../../src/mr/data/task/app-error.ts";

const NO_TEXT = "object that cannot be made into text";
const throwing = () => {
  throw new Error("from within");
};

describe("what an app throws", () => {
  it.each<[string, unknown, string]>([
    ["an error", new TypeError("no\nmore"), "TypeError: no"],
    ["a string", "plain", "plain"],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object without a prototype", Object.create(null), NO_TEXT],
    ["an object whose toString throws", { toString: throwing }, NO_TEXT],
    ["a proxy that is revoked", revoked(), NO_TEXT],
    ["an error whose name is no text", withMember("name", 5), "Error: boom"],
    ["an error whose message is no text", withMember("message", 5), "Error: 5"],
    ["an error whose message throws", withGetter("message"), NO_TEXT],
  ])("is described whatever it is: %s", (_what, thrown, text) => {
    expect(describeThrown(thrown)).toBe(text);
    expect(messageOf(thrown)).toBe(text.replace(/^(Error|TypeError): (?!5)/, ""));
    expect(describeCause(thrown)).toBe(messageOf(thrown));
    expect(new AppError("map failed", thrown).message).toBe(`map failed: ${text}`);
  });

  it.each([5, null, [], { toString: throwing }])("has no stack when that is %j", (stack) => {
    const error = withMember("stack", stack);
    expect(stackOf(error)).toBeUndefined();
    expect(describeThrown(error)).toBe("Error: boom");
  });

  it("has no stack when to read it throws", () => {
    expect(stackOf(withGetter("stack"))).toBeUndefined();
    expect(stackOf("text")).toBeUndefined();
  });

  it("is cut to what people can read, and the frames of its stack stay", () => {
    const error = new Error("y".repeat(1_000_000));
    for (const text of [describeThrown(error), messageOf(error), describeCause(error)]) {
      expect(text).toMatch(/^(Error: )?y{900,1000}… \(1,000,0\d\d characters\)$/);
    }
    expect(stackOf(error)).toMatch(
      /^Error: y{1000}… \(1,000,000 characters\)\n {4}at .*thrown\.test/,
    );
  });

  it("is cut where it has very many frames, or was written by the app", () => {
    const error = withMember("stack", "    at somewhere\n".repeat(100_000));
    expect(stackOf(error)).toMatch(/^ {4}at somewhere\n/);
    expect(stackOf(error)?.length).toBeLessThan(8100);
  });
});

describe("text for people", () => {
  it("is left as it is when it is short", () => {
    expect(shorten("a\u0000b", 7)).toBe("a\u0000b");
    expect(shorten("", 0)).toBe("");
  });

  it("is as short when control characters in it are shown as escapes", () => {
    expect(shorten("a\u0000b", 6)).toBe("a\u0000… (3 characters)");
    expect(visible(shorten("\u0000".repeat(5000), 1000)).length).toBeLessThan(1030);
    expect(visible(shorten("\u{e0001}\u202e\ud800".repeat(5000), 1000)).length).toBeLessThan(1030);
  });

  it("is never cut within a character", () => {
    expect(shorten("\u{1f600}\u{1f600}", 3)).toBe("\u{1f600}… (4 characters)");
  });
});

function withMember(name: string, value: unknown): Error {
  return Object.defineProperty(new Error("boom"), name, { value });
}

function withGetter(name: string): Error {
  const error = new Error("boom");
  if (name === "message") Object.defineProperty(error, "toString", { value: throwing });
  return Object.defineProperty(error, name, { get: throwing });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
