// Tests src/main: standard output that cannot be written.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isSkippedFor } from "../support/needs.ts";
import { startScript } from "../support/processes.ts";
import { noSmallDisks, SmallDisk } from "../support/small-disk.ts";
import { type Folder, newFolder } from "../support/tsmr.ts";
import { NO_OTHER_USER } from "../support/unprivileged.ts";

/** Every write to it fails as on a full disk. */
const FULL = "/dev/full";
const WHY = "Cannot write to standard output: no space left on device (ENOSPC)";

/** Runs a program of this project with its standard output in a file. */
async function printInto(path: string, { directory }: Folder, program: string, args: string[]) {
  const stdout = openSync(path, "a");
  const command = startScript(`src/main/${program}.ts`, args, { cwd: directory, stdout });
  closeSync(stdout);
  return await command.ended;
}

describe.skipIf(!existsSync(FULL))(
  "standard output that can't be written (needs /dev/full)",
  () => {
    const cases: Array<[program: string, args: string[]]> = [
      ["tsmr", ["run", "app.ts", "a", "--no-check", "--top", "1", "--quiet"]],
      ["tsmr", ["run", "app.ts", "a", "--no-check", "--json", "--quiet"]],
      ["tsmr", ["apps"]],
      ["tsmr", ["completion", "bash"]],
      ["tsmr", ["--help"]],
      ["tsmr", ["help", "run"]],
      ["tsmr", ["--version"]],
      ["mrsequential", ["--help"]],
    ];
    for (const [program, args] of cases) {
      it(`fails ${program} ${args.join(" ")}`, async (context) => {
        const folder = newFolder(context);
        const { code, stderr } = await printInto(FULL, folder, program, args);
        // The job is complete, and what was to be printed can be asked for again.
        const again = /^tsmr: To go on with it: .* run app\.ts .* --resume\n/;
        expect(again.test(stderr)).toBe(args[0] === "run");
        expect([stderr.replace(again, ""), code]).toEqual([`${program}: ${WHY}\n`, 1]);
      });
    }
  },
);

const where = noSmallDisks === undefined ? "" : ` (skipped: ${noSmallDisks})`;

describe.skipIf(isSkippedFor(NO_OTHER_USER) || noSmallDisks !== undefined)(
  `standard output on a disk${where}`,
  () => {
    it("is not cut short in silence where only its beginning has room", async (context) => {
      const folder = newFolder(context);
      mkdirSync(folder.path("disk"));
      const disk = new SmallDisk(folder.path("disk"), 32_768);
      context.onTestFinished(() => disk.unmount());
      const file = folder.path("disk/bash");
      // Of a block of four thousand bytes, the only one that it will have, most are taken.
      writeFileSync(file, "x".repeat(3000));
      disk.fill();
      const { code, stderr } = await printInto(file, folder, "tsmr", ["completion", "bash"]);
      expect(readFileSync(file).length).toBe(4096);
      expect([stderr, code]).toEqual([`tsmr: ${WHY}\n`, 1]);
    });
  },
);
