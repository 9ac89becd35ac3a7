import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isTrusted } from "../../../src/mr/app/load/trusted-folder.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../../support/unprivileged.ts";

/** A folder with an app, which belongs to a user and a group. */
function newFolder({ uid, gid, mode }: { uid: number; gid: number; mode: number }) {
  const folder = join(temporaryDirectory(), "folder");
  mkdirSync(folder);
  const app = join(folder, "app.ts");
  writeFileSync(app, "");
  chownSync(app, uid, gid);
  chownSync(folder, uid, gid);
  chmodSync(folder, mode);
  return { folder, app };
}

describe.skipIf(isSkippedFor(NO_OTHER_USER))("a folder above an app (needs root)", () => {
  const other = unprivilegedUid ?? 0;

  it.each([
    ["that only its owner may write into", { uid: other, gid: other, mode: 0o755 }],
    ["of this user's own group, which may write into it", { uid: 0, gid: 0, mode: 0o775 }],
  ])("F64 %s is trusted", (_, owner) => {
    const { folder, app } = newFolder(owner);
    expect(isTrusted(folder, app)).toBe(true);
  });

  it.each([
    ["that every user may write into", { uid: 0, gid: 0, mode: 0o757 }],
    ["that a group of the owner's number may write into", { uid: other, gid: other, mode: 0o775 }],
    ["of root that another group may write into", { uid: 0, gid: other, mode: 0o775 }],
  ])("F64 %s is not trusted, because others than the app's owner may", (_, owner) => {
    const { folder, app } = newFolder(owner);
    expect(isTrusted(folder, app)).toBe(false);
  });
});
