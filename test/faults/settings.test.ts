// Tests src/mr/app/contract/setting.ts across processes and resumed jobs.

import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Folder, newFolder } from "../support/tsmr.ts";

/** Counts words, those of setting WORD alone if it is set; its reduce waits for a file. */
const APP = `
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { setting } from "tsmr";

const WORD = setting("WORD");

export function map(_file: string, text: string) {
  const words = text.split(" ").filter((word) => WORD === undefined || word === WORD);
  return words.map((key) => ({ key, value: "1" }));
}

export async function reduce(_key: string, values: string[]) {
  while (!existsSync("go")) await setTimeout(10);
  return String(values.length);
}
`;

/** The command line of a process; empty when it has ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Starts a job with the setting WORD, and waits until its reduce task runs. */
async function begin(folder: Folder, word = "x") {
  folder.write("app.ts", APP);
  // It waits for as long as others take to start.
  const args = ["run", "app.ts", "a", "b", "-w", "1", "-r", "1", "-v", "--lease", "600"];
  const run = folder.tsmrWith({ WORD: word }, ...args);
  await run.printed("reduce task 0, attempt 1, starts");
  return run;
}

describe("a setting of an app", { concurrent: true }, () => {
  it("F33: is the same for the whole job when it is resumed, or else resuming is refused", async (context) => {
    const folder = newFolder(context);
    const run = await begin(folder);
    run.signal("SIGINT");
    expect((await run.ended).code).toBe(130);

    const other = await folder.tsmrWith({ WORD: "y" }, "run", "app.ts", "--resume").ended;
    expect([other.code, other.stderr]).toEqual([
      1,
      `tsmr: Cannot resume the job in directory "${folder.path("mr-out")}": it began with WORD="x", not with WORD="y"\n`,
    ]);
    folder.write("go", "");
    // Whoever gives the command that was printed need not remember.
    const resumed = await folder.tsmr("run", "app.ts", "--resume", "--top", "9").ended;
    expect([resumed.code, resumed.stdout]).toEqual([0, "x 2\n"]);
  });

  it("F33: is told to workers that join, and refused where it is another one", async (context) => {
    const folder = newFolder(context);
    const run = await begin(folder);
    const other = await folder.tsmrWith({ WORD: "y" }, "worker", "app.ts").ended;
    expect(other.code).toBe(1);
    expect(other.stderr).toBe(
      'tsmr: The coordinator refused worker.register: the job runs app.ts with WORD="x", the worker has WORD="y"\n',
    );
    expect(JSON.parse((await folder.tsmr("status", "--json").ended).stdout)).toMatchObject({
      settings: { WORD: "x" },
    });
    const joined = folder.tsmr("worker", "app.ts");
    await run.printed("worker 2");
    folder.write("go", "");
    expect((await run.ended).code).toBe(0);
    expect(folder.text("mr-out/mr-out-0")).toBe("x 2\n");
    await joined.ended;
  });

  it.skipIf(process.platform !== "linux")(
    "F35: is never on a command line, which all users can read (needs Linux)",
    async (context) => {
      const folder = newFolder(context);
      const secret = `secret${process.pid}`;
      folder.write("a", secret);
      const run = await begin(folder, secret);
      run.signal("SIGINT");
      await run.ended;
      // With --memory, a worker has flags of its own.
      const args = ["run", "app.ts", "--resume", "-v", "-w", "1", "--memory", "200MB"];
      const resumed = folder.tsmr(...args);
      await resumed.printed("reduce task 0, attempt 2, starts");
      const lines = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(commandLine);
      expect(lines.some((line) => line.includes("worker-process"))).toBe(true);
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
      folder.write("go", "");
      expect((await resumed.ended).code).toBe(0);
    },
  );

  it("F35: is in no file that other users can read, also after the job is resumed", async (context) => {
    const folder = newFolder(context);
    const secret = `secret${process.pid}`;
    folder.write("a", secret);
    const readable = () => {
      // Results are for all whom the umask lets read them.
      const logs = readdirSync(folder.path("mr-out")).filter((name) => name.startsWith(".mr-"));
      return logs.filter((name) => {
        const path = folder.path(`mr-out/${name}`);
        if (!statSync(path).isFile()) return false;
        return (statSync(path).mode & 0o077) !== 0;
      });
    };
    const before = process.umask(0o022);
    const run = await begin(folder, secret).finally(() => process.umask(before));
    // Its settings are in the event log.
    await folder.tsmrWith({ WORD: `${secret}2` }, "worker", "app.ts").ended;
    run.signal("SIGINT");
    await run.ended;
    expect(folder.text("mr-out/.mr-journal")).toContain(secret);
    expect(folder.text("mr-out/.mr-events")).toContain(`${secret}2`);
    expect(readable()).toEqual([]);
    for (const name of [".mr-journal", ".mr-events"])
      chmodSync(folder.path(`mr-out/${name}`), 0o644);
    const resumed = folder.tsmr("run", "app.ts", "--resume", "-v", "-w", "1", "--lease", "600");
    await resumed.printed("reduce task 0, attempt");
    expect(readable()).toEqual([]);
    folder.write("go", "");
    expect((await resumed.ended).code).toBe(0);
  });

  it("belongs to the top of the app's module", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", APP.replace("while", 'setting("LATE");\n  while'));
    const { code, stderr } = await folder.tsmr("run", "app.ts", "a", "--attempts", "1").ended;
    expect(code).toBe(1);
    expect(stderr).toContain('setting("LATE") comes too late');
  });

  it("is part of what an app is, which must not change either", async (context) => {
    const folder = newFolder(context);
    const run = await begin(folder);
    run.signal("SIGINT");
    await run.ended;
    folder.write("app.ts", `${APP}\nconsole.log("another");`);
    const { code, stderr } = await folder.tsmr("run", "app.ts", "--resume").ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tsmr: Cannot resume the job in .*: it began with app "app.ts" .*\n$/);
  });
});
