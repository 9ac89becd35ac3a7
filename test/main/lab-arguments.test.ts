// Tests mrcoordinator.ts and mrworker.ts with the command line that the lab has since 2026.

import { afterEach, describe, expect, it } from "vitest";
import { Job } from "../support/job.ts";

describe("the lab's command line with a socket", () => {
  const jobs: Job[] = [];
  afterEach(() => Promise.all(jobs.splice(0).map((job) => job.end())));

  function newJob(): Job {
    const job = new Job();
    jobs.push(job);
    job.write("a.txt", "to be or");
    job.write("b.txt", "not to be");
    return job;
  }

  it.each(["mr-sock", "5840-mr-x_Y9-0", "jobs.sock"])(
    "takes a first argument such as %s for the socket, and finds an app by the name of a plugin",
    async (socket) => {
      const job = newJob();
      const coordinator = await job.ready(socket, "a.txt", "b.txt");
      const worker = await job.worker("../../mrapps/wc.so", socket).ended;
      expect(worker).toMatchObject({ code: 0 });
      expect(await coordinator.ended).toMatchObject({ code: 0 });
      expect(job.output()).toBe("be 2\nnot 1\nor 1\nto 2\n");
      expect(job.files().filter((name) => name.includes("sock") || name.includes("5840"))).toEqual(
        [],
      );
    },
  );

  it("takes any second argument of the worker for the socket, and says how the coordinator takes any", async () => {
    const job = newJob();
    const lost = await job.coordinator("rpc", "a.txt").ended;
    expect(lost).toMatchObject({ code: 2 });
    expect(lost.stderr).toContain('"rpc"');
    expect(lost.stderr).toContain("a socket of that name needs --socket");
    const coordinator = await job.ready("--socket", "rpc", "a.txt");
    expect(await job.worker("wc.so", "rpc").ended).toMatchObject({ code: 0 });
    expect(await coordinator.ended).toMatchObject({ code: 0 });
    const wrong = await job.worker("wc.so", "a.txt").ended;
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('"a.txt" is no socket');
  });

  it("says that a complete job is complete", async () => {
    const job = newJob();
    const coordinator = await job.ready("a.txt");
    await job.worker("wc").ended;
    expect(await coordinator.ended).toMatchObject({ code: 0 });
    for (const command of ["status", "cancel"]) {
      const { code, stderr } = await job.start("src/main/tsmr.ts", [command, "."]).ended;
      expect(code).toBe(1);
      expect(stderr).toBe('tsmr: No job is running in directory ".": the last one is complete\n');
    }
  });

  it("takes a misspelt input for an input, and a file with a name like a socket's too", async () => {
    const job = newJob();
    for (const inputs of [
      ["misspelt.txt", "a.txt"],
      ["books", "a.txt"],
      ["sock.txt", "a.txt"],
    ]) {
      const { code, stderr } = await job.coordinator(...inputs).ended;
      expect(code).toBe(2);
      expect(stderr).toContain(`"${inputs[0]}"`);
    }
    job.write("mr-sock", "to");
    const coordinator = await job.ready("mr-sock", "a.txt");
    await job.worker("wc").ended;
    expect(await coordinator.ended).toMatchObject({ code: 0 });
    expect(job.output()).toBe("be 1\nor 1\nto 2\n");
  });

  it("listens before it has looked at the inputs, and leaves no socket if they are wrong", async () => {
    const job = newJob();
    const { code } = await job.coordinator("mr-sock", "nowhere.txt").ended;
    expect(code).toBe(2);
    expect(job.files()).toEqual(["a.txt", "b.txt"]);
  });
});
