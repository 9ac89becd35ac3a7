import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, renameSync, statSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { checkSocketPath, socketPathOf } from "../../src/mr/base/socket-path.ts";
import { socketDirectory } from "../control/protocol/server-under-test.ts";
import { mrError } from "../support/mr-error.ts";
import { isSkippedFor } from "../support/needs.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { NO_OTHER_USER } from "../support/unprivileged.ts";

/** Whether this process may mount a directory in a name space of its own. */
const canBindMount =
  process.platform === "linux" &&
  spawnSync("unshare", ["-m", "sh", "-c", "mount --bind /tmp /tmp"]).status === 0;

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

  it("F29 is refused where its path is too long, before a worker starts", () => {
    const directory = temporaryDirectory();
    vi.stubEnv("TSMR_RUNTIME_DIR", join(directory, "x".repeat(100)));
    onTestFinished(() => void vi.unstubAllEnvs());
    const refusal = mrError("SOCKET_UNUSABLE", "bytes long", "TSMR_RUNTIME_DIR");
    expect(() => socketPathOf(directory)).toThrow(refusal);
  });

  it("F62 stays the same when the directory is renamed, and is not that of one in its place", () => {
    const home = socketDirectory();
    const [place, moved] = [join(home, "place"), join(home, "moved")];
    mkdirSync(place);
    const path = socketPathOf(place);
    renameSync(place, moved);
    mkdirSync(place);
    expect(socketPathOf(moved)).toBe(path);
    expect(socketPathOf(place)).not.toBe(path);
    expect(() => socketPathOf(join(home, "missing"))).toThrow("ENOENT");
  });

  it.skipIf(isSkippedFor(NO_OTHER_USER) || !canBindMount)(
    "F62 is the same through another mount of the directory (needs Linux and root)",
    () => {
      const home = socketDirectory();
      for (const name of ["one", "other"]) mkdirSync(join(home, name));
      const module = JSON.stringify(import.meta.resolve("../../src/mr/base/socket-path.ts"));
      const script = `import { socketPathOf } from ${module};
        console.log(socketPathOf("one") === socketPathOf("other"), process.cwd());`;
      const node = [process.execPath, "--import", import.meta.resolve("tsx")];
      const inNamespace = ["-m", "sh", "-c", 'mount --bind one other && exec "$@"', "sh", ...node];
      const args = [...inNamespace, "--input-type=module", "-e", script];
      const { stdout } = spawnSync("unshare", args, { cwd: home, encoding: "utf8" });
      expect(stdout).toBe(`true ${realpathSync(home)}\n`);
    },
  );

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
