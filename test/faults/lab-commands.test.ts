// Tests mrcoordinator and mrworker: apps that fail, and unusual inputs.

import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { describe, expect, it, type TestContext } from "vitest";
import { GATED_WORD_COUNT, MAP, REDUCE } from "../support/apps.ts";
import { exitCodes, Job, sleep } from "../support/job.ts";
import { isSkippedFor } from "../support/needs.ts";
import { openSocket, sendHttp } from "../support/raw-http.ts";
import { NO_OTHER_USER, NO_UNPRIVILEGED_RUN, unprivilegedUid } from "../support/unprivileged.ts";

function startJob({ onTestFinished }: TestContext, app = MAP + REDUCE): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.write("a", "x y x");
  job.write("b", "y y z");
  job.writeApp(app);
  return job;
}

const COUNTS = "x 2\ny 3\nz 1\n";
/** For a job whose workers wait at a gate, while others start for as long as that takes. */
const NO_LEASE_ENDS = ["--lease", "600"];

describe("a job", { concurrent: true }, () => {
  it("F24, F28, F38: takes any string for a key, and leaves all results, the empty ones empty", async (context) => {
    const job = startJob(
      context,
      `const KEYS = ["__proto__", "constructor", "hasOwnProperty", "", "\\uFF5E", "\\u{1F600}", "\\0"];
      export const map = () => KEYS.map((key) => ({ key, value: key }));
      export const reduce = (key: string, values: string[]) => JSON.stringify([key, values]);`,
    );
    const coordinator = await job.ready("a", "b", "-r", "30");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(await job.oracle(job.path("app.ts"), "a", "b"));
    expect(job.output()).toContain('__proto__ ["__proto__",["__proto__","__proto__"]]\n');
    const names = job.files().filter((name) => name.startsWith("mr-out-"));
    expect(names).toHaveLength(30);
    const sizes = names.map((name) => readFileSync(job.path(name)).length);
    expect(sizes.filter((size) => size === 0).length).toBeGreaterThanOrEqual(30 - 7);

    const one = await job.ready("a", "b", "-r", "1");
    expect(await exitCodes([one, job.worker("app.ts")])).toEqual([0, 0]);
    // F14: the thirty results of before are gone.
    expect(job.files().filter((name) => name.startsWith("mr-out-"))).toEqual(["mr-out-0"]);
    const text = readFileSync(job.path("mr-out-0"), "utf8");
    expect(text.indexOf("\uFF5E")).toBeLessThan(text.indexOf("\u{1F600}"));
  });

  it("F16, F17: takes a directory with empty files for an input, and has valid empty output", async (context) => {
    const job = startJob(
      context,
      'import { map, reduce } from "./words.ts"; export { map, reduce };',
    );
    job.write("words.ts", MAP.replace('text.split(" ")', "(text.match(/x/g) ?? [])") + REDUCE);
    mkdirSync(job.path("empty"));
    job.write("empty/1", "");
    job.write("empty/2", "");
    const coordinator = await job.ready("empty", "-r", "2");
    expect(await exitCodes([coordinator, job.worker("app")])).toEqual([0, 0]);
    expect(job.output()).toBe("");
    expect(job.files()).toEqual(expect.arrayContaining(["mr-out-0", "mr-out-1"]));
  });

  it("runs beside another one in another directory, and they never meet", async (context) => {
    const [one, two] = [startJob(context), startJob(context)];
    two.write("a", "p q");
    two.write("b", "q");
    expect(one.socketPath).not.toBe(two.socketPath);
    const coordinators = [await one.ready("a", "b"), await two.ready("a", "b")];
    const workers = [two.worker("app.ts"), one.worker("app.ts")];
    expect(await exitCodes([...coordinators, ...workers])).toEqual([0, 0, 0, 0]);
    expect(one.output()).toBe(COUNTS);
    expect(two.output()).toBe("p 1\nq 2\n");
  });

  it("is found on the socket it was told to use, from any directory", async (context) => {
    const [job, elsewhere] = [startJob(context), startJob(context)];
    const socket = elsewhere.path("s.sock");
    const coordinator = await job.ready("a", "b", "--socket", socket);
    const worker = elsewhere.worker("app.ts", "--socket", "s.sock");
    expect(await exitCodes([coordinator, worker])).toEqual([0, 0]);
    // The output is in the job's directory, not in the worker's.
    expect(job.output()).toBe(COUNTS);
    expect(elsewhere.output()).toBe("");
    expect(existsSync(socket)).toBe(false);
  });

  it("may be given workers before it has a coordinator, and hands the late ones nothing", async (context) => {
    const job = startJob(context);
    let early = job.worker("app.ts");
    const coordinator = job.coordinator("a", "b");
    // On a busy machine a coordinator may take longer to start than a worker waits for it.
    for (let ended = await early.ended; ended.code !== 0; ended = await early.ended) {
      expect(ended.stderr).toMatch(/^mrworker: No coordinator .*\(waited ([2-9]|\d\d+) s\)\n$/);
      early = job.worker("app.ts");
    }
    expect(await exitCodes([coordinator])).toEqual([0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F15: fails and names an input that vanishes before anybody works, or during the job", async (context) => {
    const cause = 'Cannot read input "b": no such file or directory (ENOENT)';
    const early = startJob(context);
    const planned = await early.ready("a", "b");
    rmSync(early.path("b"));
    expect(await exitCodes([planned, early.worker("app.ts")])).toEqual([1, 1]);
    expect(planned.stderr).toContain(`The job failed: Map task 1 failed 4 times: ${cause}\n`);

    const late = startJob(context, GATED_WORD_COUNT);
    const running = await late.ready("a", "b");
    const worker = late.worker("app.ts");
    await late.appeared(`at-map-a-${worker.pid}`);
    rmSync(late.path("b"));
    late.write("go-map-a", "");
    expect(await exitCodes([running, worker])).toEqual([1, 1]);
    expect(running.stderr).toContain(`The job failed: Map task 1 failed 4 times: ${cause}\n`);
    expect(late.output()).toBe("");
    expect(late.temporaryFiles()).toEqual([]);
  });

  it("F22: fails after the attempts it was told, with task, file, message and the app's own stack", async (context) => {
    const job = startJob(
      context,
      `${MAP.replace("{", '{\n  if (_file === "b") throw new RangeError("bad day");')}${REDUCE}`,
    );
    const coordinator = await job.ready("a", "b", "--attempts", "2");
    const worker = job.worker("app.ts");
    expect(await exitCodes([coordinator, worker])).toEqual([1, 1]);
    expect(coordinator.stderr).toContain(
      'The job failed: Map task 1 failed 2 times: map of app.ts failed on "b": RangeError: bad day\n',
    );
    expect(coordinator.stderr).toContain(`${job.path("app.ts")}:3:`);
    expect(job.output()).toBe("");
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F22: names the key when reduce throws, and publishes nothing of that task", async (context) => {
    const job = startJob(
      context,
      `${MAP}${REDUCE.replace("{", '{ if (_key === "y") throw new Error("no y");')}`,
    );
    const coordinator = await job.ready("a", "b", "-r", "1");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([1, 1]);
    expect(coordinator.stderr).toContain('reduce of app.ts failed on key "y": Error: no y');
    expect(job.output()).toBe("");
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F23: fails with the position of a pair that is not a pair of strings", async (context) => {
    const job = startJob(
      context,
      MAP.replace('value: "1"', "value: key === 'z' ? 1 : '1'") + REDUCE,
    );
    const coordinator = await job.ready("a", "b", "--attempts", "1");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([1, 1]);
    expect(coordinator.stderr).toContain(
      'failed on "b": TypeError: the value of pair 3 is the number 1, not a string',
    );
  });

  it("F31: refuses a second coordinator in its directory, and goes on unharmed", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("a", "b");
    const second = await job.coordinator("a").ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toBe(
      `mrcoordinator: Another coordinator is already running in directory "${job.directory}"\n`,
    );
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F33: refuses a worker with another app, which says why, and goes on", async (context) => {
    const job = startJob(context, GATED_WORD_COUNT);
    job.writeApp(MAP + REDUCE, "other.ts");
    const coordinator = await job.ready("a", "b", ...NO_LEASE_ENDS);
    const right = job.worker("app.ts");
    await job.appeared(`at-map-a-${right.pid}`);
    const wrong = await job.worker("other.ts").ended;
    expect(wrong.code).toBe(1);
    const reason = /the job runs app "app\.ts" \([0-9a-f]{12}…\), the worker has "other\.ts"/;
    expect(wrong.stderr).toMatch(reason);
    expect(coordinator.stderr).toMatch(reason);
    for (const gate of ["go-map-a", "go-map-b", "go-reduce"]) job.write(gate, "");
    expect(await exitCodes([coordinator, right])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F34: ends although somebody has connected and says nothing, or half of something", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("a", "b");
    const strangers = [
      await openSocket(job.socketPath),
      await openSocket(
        job.socketPath,
        "POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{",
      ),
    ];
    context.onTestFinished(() => {
      for (const stranger of strangers) stranger.on("error", () => undefined).destroy();
    });
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it.skipIf(isSkippedFor(NO_OTHER_USER ?? NO_UNPRIVILEGED_RUN))(
    "F35: cannot be connected to by another user (needs root, and a Node that user 65534 can run)",
    async (context) => {
      const job = startJob(context);
      const socket = job.path("s.sock");
      await job.ready("a", "--socket", socket);
      const probe = `require("net").connect(${JSON.stringify(socket)}, () => process.exit(1))
        .on("error", (error) => console.log(error.code));`;
      job.write("probe.cjs", probe);
      const { spawnSync } = await import("node:child_process");
      const user = { uid: unprivilegedUid, gid: unprivilegedUid };
      const { stdout } = spawnSync(process.execPath, ["-e", probe], { ...user, encoding: "utf8" });
      expect(stdout.trim()).toBe("EACCES");
      expect((await sendHttp(socket, "{}")).status).toBe(200);
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F35: is not worked for by another user, who is told whose it is (needs root)",
    async (context) => {
      const job = startJob(context);
      await job.ready("a");
      chownSync(job.socketPath, unprivilegedUid ?? 0, 0);
      const { code, stderr } = await job.worker("app.ts").ended;
      expect(code).toBe(1);
      expect(stderr).toBe(
        `mrworker: Cannot talk to the coordinator on socket "${job.socketPath}": it belongs to user ${unprivilegedUid}, not to 0\n`,
      );
    },
  );

  it.skipIf(process.platform !== "linux")(
    "uses no processor time while it waits for workers, and they for tasks (needs Linux)",
    async (context) => {
      const job = startJob(context, GATED_WORD_COUNT);
      const coordinator = await job.ready("a", ...NO_LEASE_ENDS);
      const busy = job.worker("app.ts");
      await job.appeared(`at-map-a-${busy.pid}`);
      const waiting = job.worker("app.ts");
      await job.statusWhen(({ workers }) => workers.length === 2);
      const idle = [coordinator, waiting].map(({ pid }) => pid);
      /** What the busier of them uses in two seconds. */
      const used = async () => {
        const before = idle.map(processorTicks);
        await sleep(2000);
        return Math.max(...idle.map((pid, index) => processorTicks(pid) - (before[index] ?? 0)));
      };
      // Whatever starting up still does is over at some time; polling never would be.
      let least = await used();
      for (let again = 0; again < 9 && least >= 10; again++) least = Math.min(least, await used());
      // A tick is 10 ms, so polling even ten times a second would show.
      expect(least).toBeLessThan(10);
      for (const gate of ["go-map-a", "go-reduce"]) job.write(gate, "");
      expect(await exitCodes([coordinator, busy, waiting])).toEqual([0, 0, 0]);
    },
  );
});

/** What a process has used of the processors so far, in clock ticks: proc(5), fields 14 and 15. */
function processorTicks(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
