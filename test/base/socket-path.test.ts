import { mkdirSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkSocketPath, socketPathOf } from "../../src/mr/base/socket-path.ts";
import { socketDirectory } from "../control/protocol/server-under-test.ts";

describe("the socket of a job directory", () => {
  it("is the same by whatever path the directory is reached, and another in another directory", () => {
    const directory = socketDirectory();
    mkdirSync(join(directory, "one"));
    mkdirSync(join(directory, "two"));
    symlinkSync(join(directory, "one"), join(directory, "link"));
    const path = socketPathOf(join(directory, "one"));
    expect(socketPathOf(join(directory, "link"))).toBe(path);
    expect(socketPathOf(join(directory, "two", "..", "one"))).toBe(path);
    expect(socketPathOf(join(directory, "two"))).not.toBe(path);
  });

  it("fits the system's limit, however long the directory's own path is", () => {
    const deep = join(realpathSync(socketDirectory()), "d".repeat(200));
    mkdirSync(deep);
    expect(() => checkSocketPath(socketPathOf(deep))).not.toThrow();
  });

  it("F35: is in a directory of the user's own that nobody else may enter", () => {
    const { mode, uid } = statSync(dirname(socketPathOf(socketDirectory())));
    expect(mode & 0o777).toBe(0o700);
    expect(uid).toBe(userInfo().uid);
  });
});
