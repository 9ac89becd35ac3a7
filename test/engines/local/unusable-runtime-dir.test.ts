// Tests src/mr/engines: a job where no socket can be made.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { MrError } from "../../../src/mr/base/errors.ts";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

// The directory of sockets is the same for all of a user: to have it somebody else's, one must be both.
vi.mock("../../../src/mr/base/socket-path.ts", async (original) => ({
  ...(await original<object>()),
  socketPathOf: () => {
    throw new MrError("DIRECTORY_UNUSABLE", "Cannot use runtime directory: it belongs to user 7");
  },
}));

it("leaves no directory behind where sockets cannot be made, and none that was there is gone", async () => {
  const home = temporaryDirectory();
  const input = join(home, "a.txt");
  writeFileSync(input, "x");
  const run = (out: string) => runJob({ app: "wc", inputs: [input], out: join(home, out) });
  await expect(run("new/out")).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE" });
  expect(existsSync(join(home, "new"))).toBe(false);
  mkdirSync(join(home, "mine"));
  await expect(run("mine")).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE" });
  expect(existsSync(join(home, "mine"))).toBe(true);
});
