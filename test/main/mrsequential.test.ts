import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Ended, startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Runs `mrsequential.ts` in a directory. */
const run = (cwd: string, ...args: string[]): Promise<Ended> =>
  startScript("src/main/mrsequential.ts", args, { cwd }).ended;

const THROWING_APP = `
export function map() {
  return [{ key: "a", value: "1" }, { key: "b", value: "1" }];
}
export function reduce(key: string): string {
  if (key === "b") throw new Error("boom");
  return "1";
}`;

describe("mrsequential", { concurrent: true }, () => {
  it("writes the output of a shipped app to mr-out-0, and nothing else", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "1.txt"), "the cat, the hat");
    writeFileSync(join(dir, "2.txt"), "the end");
    expect(await run(dir, "wc.ts", "*.txt")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(dir, "mr-out-0"), "utf8")).toBe("cat 1\nend 1\nhat 1\nthe 3\n");
    expect(readdirSync(dir)).toEqual(["1.txt", "2.txt", "mr-out-0"]);
  });

  it("leaves no output behind when the app throws, and says so in one line", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "a.txt"), "");
    writeFileSync(join(dir, "app.ts"), THROWING_APP);
    const ended = await run(dir, "./app.ts", "a.txt");
    expect(ended).toMatchObject({
      code: 1,
      stdout: "",
      stderr: 'mrsequential: reduce failed on key "b": boom\n',
    });
    expect(readdirSync(dir)).toEqual(["a.txt", "app.ts"]);
  });

  it("keeps the output of an earlier run when it fails", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "mr-out-0"), "earlier");
    const ended = await run(dir, "wc", "*.txt");
    expect(ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: 'mrsequential: No file matches "*.txt"\n',
    });
    expect(readFileSync(join(dir, "mr-out-0"), "utf8")).toBe("earlier");
  });

  it("refuses an input that its output would replace, under whatever name", async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, "mr-out-0"), "precious");
    writeFileSync(join(dir, "x.txt"), "precious");
    symlinkSync("x.txt", join(dir, "link"));
    const tsmr = (input: string, out: string) =>
      startScript("src/main/tsmr.ts", ["sequential", "wc", input, "--out", out], { cwd: dir })
        .ended;
    const refused = { code: 1, stderr: expect.stringContaining("the output replaces") };
    expect(await run(dir, "wc", "./mr-out-0")).toMatchObject(refused);
    expect(await tsmr("x.txt", "x.txt")).toMatchObject(refused);
    expect(await tsmr("link", "./x.txt")).toMatchObject(refused);
    expect(await tsmr("x.txt", "link")).toMatchObject(refused);
    for (const name of ["mr-out-0", "x.txt"]) {
      expect(readFileSync(join(dir, name), "utf8")).toBe("precious");
    }
    expect(readdirSync(dir)).toEqual(["link", "mr-out-0", "x.txt"]);
  });

  it("exits with 2 and one line when it is used wrongly", async () => {
    const dir = temporaryDirectory();
    for (const args of [[], ["wc.ts"], ["wc.ts", "a.txt", "--fast"]]) {
      const ended = await run(dir, ...args);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/^mrsequential: .*\n$/);
    }
  });
});
