// Tests src/mr/base/directories.ts.

import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureOwnDirectory, runtimeDirs, usable } from "../../src/mr/base/directories.ts";
import { mrError } from "../support/mr-error.ts";
import { isSkippedFor } from "../support/needs.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../support/unprivileged.ts";

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

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
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

  it("is the next one that can be used where /tmp cannot, or else the error names what to set", () => {
    const file = place();
    writeFileSync(file, "");
    const other = place();
    expect([...usable([join(file, "own"), other], uid)]).toEqual([other]);
    expect(() => [...usable([join(file, "own")], uid)]).toThrow(
      mrError("DIRECTORY_UNUSABLE", `"${join(file, "own")}"`, "TSMR_RUNTIME_DIR"),
    );
  });

  it("is looked for in /tmp, TMPDIR and XDG_RUNTIME_DIR, or is the one that is named", () => {
    const [home, run] = [temporaryDirectory(), temporaryDirectory()];
    const env = { TMPDIR: home, XDG_RUNTIME_DIR: run };
    const own = [`/tmp/tsmr-${uid}`, join(home, `tsmr-${uid}`), join(run, `tsmr-${uid}`)];
    expect([...runtimeDirs(env)]).toEqual(own);
    expect([...runtimeDirs({ ...env, TSMR_RUNTIME_DIR: join(home, "given") })]).toEqual([
      join(home, "given"),
    ]);
  });

  it("F35: is refused when it is a file", () => {
    const dir = place();
    writeFileSync(dir, "");
    expect(() => ensureOwnDirectory(dir, uid)).toThrow(mrError("DIRECTORY_UNUSABLE"));
  });
});
