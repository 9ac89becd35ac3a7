// Tests src/mr/base/directories.ts.

import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureOwnDirectory } from "../../src/mr/base/directories.ts";
import { mrError } from "../support/mr-error.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { unprivilegedUid } from "../support/unprivileged.ts";

const uid = process.getuid?.() ?? 0;

function place(): string {
  const home = temporaryDirectory();
  return join(home, "own");
}

describe("the directory of sockets and compiled apps", () => {
  it("F35: is made for its owner alone, whatever the umask, and found again", () => {
    const dir = place();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    for (const _ of ["made", "found"]) {
      ensureOwnDirectory(dir, uid);
      expect(statSync(dir).mode & 0o777).toBe(0o700);
    }
  });

  it("F35: is refused when others may enter it", () => {
    const dir = place();
    ensureOwnDirectory(dir, uid);
    for (const mode of [0o710, 0o701, 0o755, 0o777]) {
      chmodSync(dir, mode);
      expect(() => ensureOwnDirectory(dir, uid)).toThrow(
        mrError("DIRECTORY_UNUSABLE", `"${dir}"`, "chmod 700"),
      );
    }
  });

  it.skipIf(unprivilegedUid === undefined)(
    "F35: is refused when it is somebody else's (needs root)",
    () => {
      const dir = place();
      ensureOwnDirectory(dir, uid);
      chownSync(dir, unprivilegedUid ?? 0, 0);
      expect(() => ensureOwnDirectory(dir, uid)).toThrow(
        mrError("DIRECTORY_UNUSABLE", `"${dir}"`, `user ${unprivilegedUid}`),
      );
    },
  );

  it("F35: is refused when it is a file", () => {
    const dir = place();
    writeFileSync(dir, "");
    expect(() => ensureOwnDirectory(dir, uid)).toThrow(mrError("DIRECTORY_UNUSABLE"));
  });
});
