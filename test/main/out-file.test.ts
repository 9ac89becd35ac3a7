// Tests src/main: files named by --out.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startScript } from "../support/processes.ts";
import { newFolder } from "../support/tsmr.ts";

const RESULT = "x 2\ny 1\n";
const EVENTS =
  '{"type":"jobStarted","directory":"d","startedAt":0,"resumed":false,"leaseMs":1,"atMs":0}\n';

/** Each writes one file; the job of which a report is made has but begun. */
const WRITERS: Array<[command: string, args: string[], content: RegExp]> = [
  ["sequential", ["app.ts", "a"], /^x 2\ny 1\n$/],
  ["report", ["."], /^<!doctype html>.*<\/html>\s*$/is],
];

describe("a file that is named by --out", { concurrent: true }, () => {
  for (const [command, args, content] of WRITERS) {
    it(`of tsmr ${command} is what a link points at, and the link stays`, async (context) => {
      const folder = newFolder(context);
      folder.write(".mr-events", EVENTS);
      mkdirSync(folder.path("there"));
      folder.write("there/old", "old");
      symlinkSync("there/old", folder.path("link"));
      symlinkSync("there/new", folder.path("dangling"));
      for (const [link, file] of [
        ["link", "there/old"],
        ["dangling", "there/new"],
      ] as const) {
        const { code, stderr } = await folder.tsmr(command, ...args, "--out", link).ended;
        expect([code, stderr]).toEqual([0, ""]);
        expect(lstatSync(folder.path(link)).isSymbolicLink()).toBe(true);
        expect(folder.text(file)).toMatch(content);
      }
      expect(folder.temporaryFiles()).toEqual([]);
    });

    it(`of tsmr ${command} is written to as it is, when it is a pipe`, async (context) => {
      const folder = newFolder(context);
      folder.write(".mr-events", EVENTS);
      execFileSync("mkfifo", [folder.path("pipe")]);
      const reader = spawn("cat", [folder.path("pipe")], { stdio: ["ignore", "pipe", "inherit"] });
      context.onTestFinished(() => void reader.kill("SIGKILL"));
      const read = text(reader.stdout);
      const ended = await folder.tsmr(command, ...args, "--out", "pipe").ended;
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
      expect(ended.stdout).toBe("");
      expect(lstatSync(folder.path("pipe")).isFIFO()).toBe(true);
      expect(await read).toMatch(content);
    });
  }

  it("F35: that it has without --out is never that of a link or a pipe", async (context) => {
    const folder = newFolder(context);
    folder.write("precious", "precious");
    symlinkSync("precious", folder.path("mr-out-0"));
    expect((await folder.tsmr("sequential", "app.ts", "a").ended).code).toBe(0);
    expect(folder.text("precious")).toBe("precious");
    expect(folder.text("mr-out-0")).toBe(RESULT);
    rmSync(folder.path("mr-out-0"));
    execFileSync("mkfifo", [folder.path("mr-out-0")]);
    const { ended } = startScript("src/main/mrsequential.ts", ["app.ts", "a"], {
      cwd: folder.directory,
    });
    expect((await ended).code).toBe(0);
    expect(folder.text("mr-out-0")).toBe(RESULT);
  });

  it("may be another open file, which is written to from where it is", async (context) => {
    const folder = newFolder(context);
    folder.write(".mr-events", EVENTS);
    const tsmr = fileURLToPath(new URL("../../src/main/tsmr.ts", import.meta.url));
    for (const [command, args, content] of WRITERS) {
      // Without O_APPEND, as a shell opens the file of `>`.
      const file = openSync(folder.path("log"), "w");
      writeSync(file, "before\n");
      const words = ["--import", import.meta.resolve("tsx"), tsmr, command, ...args];
      const { status } = spawnSync(process.execPath, [...words, "--out", "/dev/fd/3"], {
        cwd: folder.directory,
        stdio: ["ignore", "ignore", "inherit", file],
      });
      writeSync(file, "after\n");
      closeSync(file);
      expect(status).toBe(0);
      const [, result = ""] = /^before\n(.*)after\n$/s.exec(folder.text("log")) ?? [];
      expect(result).toMatch(content);
    }
  });

  // Not /dev/stdout, which root could take away from everybody if this went wrong.
  it.skipIf(!existsSync("/proc/self/fd"))(
    "may be standard output (needs /proc/self/fd)",
    async (context) => {
      const folder = newFolder(context);
      folder.write("log", "before\n");
      const stdout = openSync(folder.path("log"), "a");
      const args = ["sequential", "app.ts", "a", "--out", "/proc/self/fd/1"];
      const cwd = folder.directory;
      const command = startScript("src/main/tsmr.ts", args, { cwd, stdout });
      closeSync(stdout);
      const { code, stderr } = await command.ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect(readFileSync(folder.path("log"), "utf8")).toBe(`before\n${RESULT}`);
    },
  );
});
