import { spawnSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "../../../src/mr/control/log/directory-lock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { canRunUnprivileged, unprivilegedUid } from "../../support/unprivileged.ts";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

describe("the lock of a job directory", () => {
  it("F31 goes to one of many who want it at once, by whatever path", async () => {
    const link = join(directory, "link");
    symlinkSync(directory, link);
    const paths = [directory, link, directory, `${directory}/.`];
    const results = await Promise.allSettled(paths.map((path) => lockDirectory(path)));
    const winners = results.flatMap((result) => {
      return result.status === "fulfilled" ? result.value : [];
    });
    expect(winners).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "JOB_IN_USE" });
    }
    winners[0]?.();
  });

  it.runIf(process.platform === "linux" && unprivilegedUid !== undefined && canRunUnprivileged)(
    "F31 is refused to another user, too (needs Linux, root, and a project that user 65534 can read)",
    async () => {
      chmodSync(directory, 0o777);
      const unlock = await lockDirectory(directory);
      const module = JSON.stringify(
        import.meta.resolve("../../../src/mr/control/log/directory-lock.ts"),
      );
      const script = `import { lockDirectory } from ${module};
        await lockDirectory(${JSON.stringify(directory)}).then(() => console.log("locked"), ({ code }) => console.log(code));`;
      const { stdout } = spawnSync(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script],
        { uid: unprivilegedUid, encoding: "utf8" },
      );
      unlock();
      expect(stdout).toBe("JOB_IN_USE\n");
    },
  );

  it("can be taken again once it is given free, and says nothing of other directories", async () => {
    const other = temporaryDirectory();
    const first = await lockDirectory(directory);
    (await lockDirectory(other))();
    first();
    await new Promise((resolve) => setTimeout(resolve, 10));
    (await lockDirectory(directory))();
  });
});
