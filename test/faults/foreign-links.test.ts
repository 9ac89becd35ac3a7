// Tests job directories and outputs whose paths lead through links of other users.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
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

/** Modes of directories that others may write into: all or a group, of whom each may remove all files or its own. */
const SHARED_MODES = [0o1777, 0o777, 0o1775, 0o2775];

describe.skipIf(isSkippedFor(NO_OTHER_USER))("a link in a shared directory (needs root)", () => {
  it("F35 of another user is refused by name, whatever the command", async (context) => {
    const folder = newFolder(context);
    mkdirSync(folder.path("victim"));
    mkdirSync(folder.path("shared"));
    chmodSync(folder.path("shared"), 0o1777);
    symlinkSync(folder.path("victim"), folder.path("shared/out"));
    lchownSync(folder.path("shared/out"), OTHER, OTHER);
    // The other modes need one command only, because the commands share the check.
    const tries = [
      ...COMMANDS.map((args) => [0o1777, args] as const),
      ...SHARED_MODES.map((mode) => [mode, COMMANDS[0] ?? []] as const),
    ];
    for (const [mode, args] of tries) {
      chmodSync(folder.path("shared"), mode);
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

  it("F35 of another user that is a link or a pipe gets no output of --out", async (context) => {
    const folder = newFolder(context);
    mkdirSync(folder.path("shared"));
    folder.write("precious", "precious");
    const out = folder.path("shared/out");
    const job = ["run", "app.ts", "a", "--no-check", "--quiet", "--out", "job"];
    expect((await folder.tsmr(...job).ended).code).toBe(0);
    const plant: Array<[kind: string, make: () => void]> = [
      ["symbolic link", () => symlinkSync(folder.path("precious"), out)],
      ["symbolic link", () => symlinkSync(folder.path("new"), out)],
      ["pipe", () => void execFileSync("mkfifo", ["-m", "666", out])],
    ];
    for (const [kind, make] of plant) {
      rmSync(out, { force: true });
      make();
      lchownSync(out, OTHER, OTHER);
      for (const mode of SHARED_MODES) {
        chmodSync(folder.path("shared"), mode);
        const args = ["sequential", "app.ts", "a", "--out", out];
        const ended = await folder.tsmr(...args).ended;
        expectOneLine(ended, "tsmr", [`"${out}" is a ${kind} of user ${OTHER}`]);
      }
      const ended = await folder.tsmr("report", "job", "--out", out).ended;
      expectOneLine(ended, "tsmr", [`"${out}" is a ${kind} of user ${OTHER}`]);
    }
    rmSync(out);
    symlinkSync(folder.path("precious"), `${out}.svg`);
    lchownSync(`${out}.svg`, OTHER, OTHER);
    const ended = await folder.tsmr("report", "job", "--chart", "--out", `${out}.svg`).ended;
    expectOneLine(ended, "tsmr", [`"${out}.svg" is a symbolic link of user ${OTHER}`]);
    expect(folder.text("precious")).toBe("precious");
    expect(existsSync(folder.path("new"))).toBe(false);
    // This user's own link is followed in the same directory.
    symlinkSync(folder.path("precious"), out);
    const own = ["sequential", "app.ts", "a", "--out", out];
    expect((await folder.tsmr(...own).ended).code).toBe(0);
    expect(folder.text("precious")).toBe("x 2\ny 1\n");
  });
});
