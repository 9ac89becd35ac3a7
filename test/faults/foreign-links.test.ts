// Tests job directories and outputs whose paths lead through links of other users.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { isSkippedFor } from "../support/needs.ts";
import { expectOneLine } from "../support/one-line.ts";
import { newFolder } from "../support/tsmr.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../support/unprivileged.ts";

const OTHER = unprivilegedUid ?? 0;
const COMMANDS = [
  ["run", "app.ts", "a", "--no-check", "--out", "shared/out"],
  ["run", "app.ts", "--resume", "--merge", "--out", "shared/out"],
  ["run", "app.ts", "a", "--out", "shared/out/deeper"],
  ["status", "shared/out"],
  ["cancel", "shared/out"],
  ["report", "shared/out"],
  ["worker", "app.ts", "--dir", "shared/out"],
  ["sequential", "app.ts", "a", "--out", "shared/out/seq"],
];

describe.skipIf(isSkippedFor(NO_OTHER_USER))("a link in a shared directory (needs root)", () => {
  it("F35 of another user is refused by name, whatever the command", async (context) => {
    const folder = newFolder(context);
    mkdirSync(folder.path("victim"));
    mkdirSync(folder.path("shared"));
    chmodSync(folder.path("shared"), 0o1777);
    symlinkSync(folder.path("victim"), folder.path("shared/out"));
    lchownSync(folder.path("shared/out"), OTHER, OTHER);
    for (const args of COMMANDS) {
      const ended = await folder.tsmr(...args).ended;
      const link = folder.path("shared/out");
      expectOneLine(ended, "tsmr", [`"${link}" is a symbolic link of user ${OTHER}`]);
      expect(ended.code).toBe(1);
    }
    expect(readdirSync(folder.path("victim"))).toEqual([]);
    // The same link is followed where others can't put one.
    chmodSync(folder.path("shared"), 0o755);
    const trusted = ["run", "app.ts", "a", "--no-check", "--top", "1", "--out"];
    expect((await folder.tsmr(...trusted, "shared/out").ended).stdout).toBe("x 2\n");
    // So are those of the owner of the directory, and of this user.
    chmodSync(folder.path("shared"), 0o1777);
    chownSync(folder.path("shared"), OTHER, OTHER);
    rmSync(folder.path("victim"), { recursive: true });
    mkdirSync(folder.path("victim"));
    expect((await folder.tsmr(...trusted, "shared/out").ended).stdout).toBe("x 2\n");
  });

  it("F35 of another user that is a pipe is refused by name, and gets nothing", async (context) => {
    const folder = newFolder(context);
    mkdirSync(folder.path("shared"));
    chmodSync(folder.path("shared"), 0o1777);
    const pipe = folder.path("shared/out");
    execFileSync("mkfifo", ["-m", "666", pipe]);
    chownSync(pipe, OTHER, OTHER);
    const job = ["run", "app.ts", "a", "--no-check", "--quiet", "--out", "job"];
    expect((await folder.tsmr(...job).ended).code).toBe(0);
    for (const args of [
      ["sequential", "app.ts", "a", "--out", pipe],
      ["report", "job", "--out", pipe],
    ]) {
      const ended = await folder.tsmr(...args).ended;
      expectOneLine(ended, "tsmr", [`"${pipe}" is a pipe of user ${OTHER}`]);
    }
  });
});
