import { afterEach, expect, it, vi } from "vitest";
import { currentDirectory } from "../../src/mr/base/directories.ts";
import { mrError } from "../support/mr-error.ts";

afterEach(() => void vi.restoreAllMocks());

it("the current directory is named as the cause when it was removed", () => {
  expect(currentDirectory()).toBe(process.cwd());
  const gone = Object.assign(new Error("uv_cwd"), { code: "ENOENT" });
  vi.spyOn(process, "cwd").mockImplementation(() => {
    throw gone;
  });
  expect(currentDirectory).toThrow(mrError("DIRECTORY_UNUSABLE", "it was removed"));
});
