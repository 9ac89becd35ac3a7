import { expect } from "vitest";
import type { ErrorCode } from "../../src/mr/base/error-codes.ts";

/** Matches an error of this code, whose message is one line and has all of `words`. */
export function mrError(code: ErrorCode, ...words: ReadonlyArray<string | RegExp>): unknown {
  const isMessage = (message: string) =>
    !message.includes("\n") &&
    words.every((word) => (typeof word === "string" ? message.includes(word) : word.test(message)));
  const expected = ["a line", ...words].join(" with ");
  return expect.objectContaining({ code, message: expect.toSatisfy(isMessage, expected) });
}
