// Tests jobs on a full disk.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import { REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";
import { isSkippedFor } from "../support/needs.ts";
import { noSmallDisks, SmallDisk } from "../support/small-disk.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { NO_OTHER_USER } from "../support/unprivileged.ts";

const MB = 1024 * 1024;
const NO_SPACE = "no space left on device (ENOSPC)";
const INPUTS = ["small", "large"];

/** Emits little for `small`, and some two megabytes for `large`. */
const APP = `
  export function map(file, text) {
    const pairs = file.endsWith("large") ? 50_000 : 10;
    return Array.from({ length: pairs }, (_, index) => ({ key: text + "-of-some-length-" + index, value: "1" }));
  }
  ${REDUCE}
`;

/** A job whose directory is a disk of its own. */
function startJob({ onTestFinished }: TestContext, bytes: number): { job: Job; disk: SmallDisk } {
  const job = new Job();
  const disk = new SmallDisk(job.directory, bytes);
  onTestFinished(async () => {
    disk.unmount();
    await job.end();
  });
  return { job, disk };
}

// The title says why they are skipped where they are.
const where = noSmallDisks === undefined ? "" : ` (skipped: ${noSmallDisks})`;

describe.skipIf(isSkippedFor(NO_OTHER_USER) || noSmallDisks !== undefined)(
  `a full disk${where}`,
  { concurrent: true, timeout: 300_000 },
  () => {
    it("F12: fails the job, which names the file, leaves nothing half-written, and can be resumed", async (context) => {
      const { job, disk } = startJob(context, 16 * MB);
      for (const input of INPUTS) job.write(input, input);
      const app = job.writeApp(APP);
      disk.fill(MB);
      const coordinator = await job.ready(...INPUTS, "-r", "2", "--attempts", "2");
      const worker = job.worker(app);
      const { code, stderr } = await coordinator.ended;
      expect(code).toBe(1);
      const [, output] =
        /Map task 1 failed 2 times: Cannot write output "(.*)": (.*)\n/.exec(stderr) ?? [];
      expect([job.path("mr-1-0"), job.path("mr-1-1")]).toContain(output);
      expect(stderr).toContain(`"${output}": ${NO_SPACE}\n`);
      // It is no fault of this program or of the app, so there is no stack to show.
      expect(stderr).not.toContain("    at ");
      expect(stderr).toContain("To go on with it: mrcoordinator --resume");
      expect((await worker.ended).code).toBe(1);
      const written = job.files().filter((name) => /^\.?mr-[0-9o]/.test(name));
      expect(written).toEqual(["mr-0-0", "mr-0-1"]);

      disk.free();
      const resumed = await job.ready("--resume");
      expect(resumed.stderr).toContain("1 map task and 0 reduce tasks are completed");
      const again = job.worker(app);
      expect((await resumed.ended).code).toBe(0);
      expect((await again.ended).code).toBe(0);
      expect(job.temporaryFiles()).toEqual([]);
      expect(job.output()).toBe(await job.oracle(job.path(app), ...INPUTS));
    });

    it("F12: ends the job when its decisions can't be kept, and it can be resumed", async (context) => {
      const { job, disk } = startJob(context, 16 * MB);
      // The journal grows with each, and no other file does until the last.
      const inputs = Array.from({ length: 100 }, (_, index) => `input-${1000 + index}`);
      for (const input of inputs) job.write(input, input);
      const app = job.writeApp(`
      import { existsSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      export async function map(file, text) {
        while (!existsSync("go")) await sleep(20);
        return text.endsWith("99") ? [{ key: text, value: "1" }] : [];
      }
      ${REDUCE}
    `);
      job.write("go", "");
      rmSync(job.path("go"));
      const coordinator = await job.ready(...inputs, "-r", "1");
      const worker = job.worker(app);
      await job.statusWhen(({ maps }) => maps.inProgress === 1);
      disk.fill();
      job.write("go", "");
      const { code, stderr } = await coordinator.ended;
      expect(code).toBe(1);
      const cause = `Cannot write journal "${job.path(".mr-journal")}": ${NO_SPACE}`;
      expect(stderr).toContain(`The job is not complete: ${cause}\n`);
      await worker.ended;
      expect(job.temporaryFiles()).toEqual([]);
      expect(job.output()).toBe("");

      disk.free();
      const resumed = await job.ready("--resume");
      job.worker(app);
      expect((await resumed.ended).code).toBe(0);
      expect(job.output()).toBe("input-1099 1\n");
    });

    it("F12: fails runJob in the same way, before it begins or in the middle, with nothing in the way of the next", async ({
      onTestFinished,
    }) => {
      const home = temporaryDirectory();
      const out = join(home, "out");
      mkdirSync(out);
      const disk = new SmallDisk(out, 16 * MB);
      onTestFinished(() => disk.unmount());
      writeFileSync(join(home, "app.ts"), APP);
      const inputs = INPUTS.map((name) => join(home, name));
      for (const input of inputs) writeFileSync(input, "x");
      const small = { workers: 1, reduces: 1, attempts: 1, splitBytes: 1 };
      const options: RunJobOptions = { app: join(home, "app.ts"), inputs, out, ...small };

      disk.fill();
      await expect(runJob(options)).rejects.toMatchObject({
        code: "LOG_UNWRITABLE",
        message: `Cannot write journal "${join(out, ".mr-journal")}": ${NO_SPACE}`,
      });
      expect(readdirSync(out)).toEqual(["filler"]);

      disk.free();
      disk.fill(MB);
      await expect(runJob(options)).rejects.toMatchObject({
        code: "OUTPUT_UNWRITABLE",
        message: `The job failed: Map task 1 failed once: Cannot write output "${join(out, "mr-1-0")}": ${NO_SPACE}`,
      });
      const left = readdirSync(out).sort();
      expect(left).toEqual([".mr-events", ".mr-journal", "filler", "mr-0-0"]);

      disk.free();
      const { outputs } = await runJob({ ...options, resume: true });
      const lines = outputs.map((path) => readFileSync(path, "utf8").split("\n").length - 1);
      expect(lines).toEqual([50_000]);
      expect(readdirSync(out).filter((name) => name !== ".mr-events")).toEqual(["mr-out-0"]);
    });
  },
);
