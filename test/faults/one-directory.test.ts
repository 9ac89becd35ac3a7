// Tests several jobs in one directory, and a directory that is removed or replaced.

import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { beforeEach, describe, expect, it } from "vitest";
import { MrError } from "../../src/mr/base/errors.ts";
import { lockDirectory } from "../../src/mr/control/log/directory-lock.ts";
import { type RunJobOptions, runJob, startJob } from "../../src/mr/engines/run-job.ts";
import { isLock } from "../../src/mr/job/names.ts";
import { startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
let out: string;
let options: RunJobOptions;
beforeEach(() => {
  home = temporaryDirectory();
  out = join(home, "out");
  writeFileSync(join(home, "in.txt"), "a b c");
  options = { app: "wc", inputs: [join(home, "in.txt")], out, reduces: 1, workers: 1 };
});

/** An app that does something to the output directory in its only map call. */
function appThat(script: string): string {
  const app = join(home, "app.ts");
  writeFileSync(
    app,
    `import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
    const out = ${JSON.stringify(out)};
    export function map(_file: string, text: string) {
      ${script}
      return text.split(" ").map((key) => ({ key, value: "" }));
    }
    export const reduce = () => "1";`,
  );
  return app;
}

/** What can become of the output directory. */
const WAYS = [
  ["removed", "rmSync(out, { recursive: true });"],
  ["replaced", 'renameSync(out, out + "-moved"); mkdirSync(out);'],
  ["replaced by a file", 'renameSync(out, out + "-moved"); writeFileSync(out, "");'],
  ["replaced by a link to itself", 'renameSync(out, out + "-moved"); symlinkSync("out", out);'],
];

describe("the sequential engine", () => {
  const sequential = () => ({ ...options, engine: "sequential", check: false }) as const;

  it("F60 runs one of many jobs in a directory, and refuses the others", async () => {
    const jobs = Array.from({ length: 8 }, () => runJob(sequential()));
    const results = await Promise.allSettled(jobs);
    const refusals = results.flatMap((result) => {
      return result.status === "rejected" ? [result.reason.code] : [];
    });
    expect(refusals).toHaveLength(7);
    for (const code of refusals) expect(["JOB_IN_USE", "OUTPUT_EXISTS"]).toContain(code);
    expect(readFileSync(join(out, "mr-out-0"), "utf8")).toBe("a 1\nb 1\nc 1\n");
    expect(readdirSync(out)).toEqual(["mr-out-0"]);
  });

  it("F60 is refused where another job runs, and leaves its files alone", async () => {
    mkdirSync(out);
    const lock = await lockDirectory(out);
    // What a job may write next.
    const files = readdirSync(out);
    await expect(runJob(sequential())).rejects.toMatchObject({ code: "JOB_IN_USE" });
    expect(readdirSync(out)).toEqual(files);
    lock.unlock();
    await runJob(sequential());
  });

  it.each(WAYS)("F61 fails by name when its directory is %s meanwhile", async (_, script) => {
    const job = { ...sequential(), app: appThat(script) };
    const message = expect.stringContaining(out);
    await expect(runJob(job)).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE", message });
    rmSync(out, { recursive: true, force: true });
    // The lock is free again.
    await runJob(sequential());
  });
});

describe("mrsequential and tsmr sequential", () => {
  it("F60 are refused in the directory of a running job", async () => {
    mkdirSync(out);
    const lock = await lockDirectory(out);
    const scripts = [
      startScript("src/main/mrsequential.ts", ["wc", "../in.txt"], { cwd: out }),
      startScript("src/main/tsmr.ts", ["sequential", "wc", "in.txt", "--out", "out/mr-out"], {
        cwd: home,
      }),
    ];
    for (const { ended } of scripts) {
      const message = `Another coordinator is already running in directory "${out}"`;
      expect(await ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    }
    // A file of any other name is in nobody's way.
    const args = ["sequential", "wc", "in.txt", "--out", "out/counts"];
    expect(await startScript("src/main/tsmr.ts", args, { cwd: home }).ended).toMatchObject({
      code: 0,
    });
    lock.unlock();
    expect(readdirSync(out)).toEqual(["counts"]);
  });
});

it("F60 on a file system without sockets, too, one job runs, and a killed one is in no other's way", async () => {
  mkdirSync(out);
  const app = appThat('console.log("it runs"); if (!existsSync(out + "/../go")) stop();');
  writeFileSync(
    app,
    `import { existsSync } from "node:fs";
    const stop = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    ${readFileSync(app, "utf8")}`,
  );
  const support = JSON.stringify(import.meta.resolve("../support/no-lock-sockets.ts"));
  const script = `import{refuseLockSockets}from${support};refuseLockSockets()`;
  const loader = import.meta.resolve("tsx");
  const env = {
    NODE_OPTIONS: `--import=${loader} --import=data:text/javascript,${encodeURIComponent(script)}`,
  };
  const start = () => {
    return startScript("src/main/mrsequential.ts", [app, "../in.txt"], { cwd: out, env });
  };
  const first = start();
  await first.printed("it runs");
  const files = readdirSync(out);
  expect(lstatSync(join(out, files.find(isLock) ?? "")).isFile()).toBe(true);
  const args = ["run", app, "in.txt", "--out", "out", "--no-check"];
  const second = startScript("src/main/tsmr.ts", args, { cwd: home, env });
  const stderr = expect.stringContaining("Another coordinator is already running");
  expect(await second.ended).toMatchObject({ code: 1, stderr });
  expect(readdirSync(out)).toEqual(files);
  first.signal("SIGKILL");
  await first.ended;
  writeFileSync(join(home, "go"), "");
  expect(await start().ended).toMatchObject({ code: 0 });
  expect(readdirSync(out)).toEqual(["mr-out-0"]);
});

it("F31 a job whose lock was removed by hand is still alone in its directory", async () => {
  const go = join(home, "go");
  const app = appThat(`while (!existsSync(${JSON.stringify(go)})) Atomics.wait(PAUSE, 0, 0, 20);`);
  const source = readFileSync(app, "utf8");
  writeFileSync(
    app,
    `import { existsSync } from "node:fs";
    const PAUSE = new Int32Array(new SharedArrayBuffer(4));
    ${source}`,
  );
  const job = startJob({ ...options, app, check: false });
  for await (const { type } of job.events) if (type === "attemptStarted") break;
  for (const name of readdirSync(out)) if (isLock(name)) rmSync(join(out, name));
  const files = readdirSync(out).sort();
  for (const engine of ["local", "sequential"] as const) {
    await expect(runJob({ ...options, engine })).rejects.toMatchObject({ code: "JOB_IN_USE" });
  }
  await expect(runJob({ ...options, app, check: false, resume: true })).rejects.toMatchObject({
    code: "JOB_IN_USE",
  });
  for (const socket of [[], ["--socket", join(home, "sock")]]) {
    const args = ["../in.txt", ...socket];
    const { ended } = startScript("src/main/mrcoordinator.ts", args, { cwd: out });
    const stderr = expect.stringContaining("Another coordinator is already running");
    expect(await ended).toMatchObject({ code: 1, stderr });
  }
  expect(readdirSync(out).sort()).toEqual(files);
  writeFileSync(go, "");
  await job.result;
  expect(readFileSync(join(out, "mr-out-0"), "utf8")).toBe("a 1\nb 1\nc 1\n");
});

it("F31 one of several threads of a process has a directory", async () => {
  const library = JSON.stringify(import.meta.resolve("../../src/mr/index.ts"));
  const script = `import { register } from ${JSON.stringify(import.meta.resolve("tsx/esm/api"))};
    import { parentPort } from "node:worker_threads";
    register();
    const { runJob } = await import(${library});
    runJob(${JSON.stringify(options)}).then(() => "complete", ({ code }) => code).then((end) => parentPort.postMessage(end));`;
  const file = join(home, "thread.mjs");
  writeFileSync(file, script);
  const ends = await Promise.all(
    [1, 2, 3].map(async () => {
      const [end] = await once(new Worker(file), "message");
      return end;
    }),
  );
  expect(ends.filter((end) => end === "complete")).toHaveLength(1);
  for (const end of ends) expect(["complete", "JOB_IN_USE", "OUTPUT_EXISTS"]).toContain(end);
});

it("F31 a sequential run whose lock was removed by hand publishes nothing", async () => {
  const app = appThat('for (const name of readdirSync(out)) rmSync(out + "/" + name);');
  writeFileSync(app, `import { readdirSync } from "node:fs";\n${readFileSync(app, "utf8")}`);
  const message = expect.stringContaining("the lock of this job was removed");
  const job = { ...options, app, check: false, engine: "sequential" } as const;
  await expect(runJob(job)).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE", message });
  mkdirSync(out);
  const { ended } = startScript("src/main/mrsequential.ts", [app, "../in.txt"], { cwd: out });
  expect(await ended).toMatchObject({ code: 1, stderr: message });
  expect(readdirSync(out)).toEqual([]);
});

describe("the local engine", () => {
  it("F61 names task, file and cause when its directory was removed", async () => {
    const app = appThat("rmSync(out, { recursive: true, force: true });");
    const message = expect.stringMatching(/^The job failed: Map task 0 .*mr-0-0.*ENOENT/);
    await expect(runJob({ ...options, app, check: false, leaseMs: 300 })).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message,
    });
  });

  it.each(WAYS)("F61 fails by name when its directory is %s meanwhile", async (_, script) => {
    const job = { ...options, app: appThat(script), check: false };
    const failure = await runJob(job).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MrError);
    expect(failure).toMatchObject({ message: expect.stringContaining(out) });
    rmSync(out, { recursive: true, force: true });
    await runJob(options);
  });

  it("F61 puts no file into a directory that has taken the place of its own", async () => {
    const app = appThat('renameSync(out, out + "-moved"); mkdirSync(out);');
    await expect(runJob({ ...options, app, check: false })).rejects.toMatchObject({
      code: "LOG_UNWRITABLE",
    });
    expect(readdirSync(out)).toEqual([]);
  });
});
