// Tests src/main/tsmr.ts: its commands, help and suggestions.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SHIPPED_APPS, TEST_APPS } from "../../src/main/commands/apps.ts";
import { COMMANDS } from "../../src/main/commands/catalog.ts";
import { shellWord } from "../../src/main/shell-words.ts";
import { newFolder } from "../support/tsmr.ts";

const APPS = fileURLToPath(new URL("../../src/mrapps/", import.meta.url));
const APP_TESTS = fileURLToPath(new URL("../mrapps/", import.meta.url));

describe("tsmr", { concurrent: true }, () => {
  it("lists its commands in its help, which is what one gets who asks for nothing", async (context) => {
    const folder = newFolder(context);
    const help = await folder.tsmr("--help").ended;
    expect([help.code, help.stderr]).toEqual([0, ""]);
    for (const { name, summary } of COMMANDS) {
      expect(help.stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    }
    const nothing = await folder.tsmr().ended;
    expect(nothing).toMatchObject({ code: 2, stdout: "", stderr: help.stdout });
    const { version } = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as { version: string };
    expect((await folder.tsmr("--version").ended).stdout).toBe(`${version}\n`);
  });

  for (const { name } of COMMANDS) {
    it(`explains ${name}, with examples`, async (context) => {
      const folder = newFolder(context);
      const [help, same] = [folder.tsmr(name, "--help"), folder.tsmr("help", name)];
      const { code, stdout, stderr } = await help.ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(
        new RegExp(`^Usage: tsmr ${name} .*Examples:\n  .*tsmr .*${name}`, "s"),
      );
      expect((await same.ended).stdout).toBe(stdout);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
    });
  }

  it("makes an app and its test, a package around them, and replaces nothing", async (context) => {
    const folder = newFolder(context);
    const first = await folder.tsmr("init", "counts").ended;
    expect([first.code, first.stdout]).toEqual([
      0,
      "counts.ts\ncounts.test.ts\npackage.json\ntsconfig.json\n",
    ]);
    expect(first.stderr).toContain("npx tsmr run ./counts.ts");
    const { stdout } = await folder.tsmr("run", "./counts.ts", "a", "b", "--top", "1").ended;
    expect(stdout).toBe("y 3\n");

    const taken = await folder.tsmr("init", "counts.ts").ended;
    expect([taken.code, taken.stdout]).toEqual([1, ""]);
    expect(taken.stderr).toBe(
      'tsmr: Cannot make app "counts": "counts.ts" exists already, and is not replaced\n',
    );
    const second = await folder.tsmr("init", "more").ended;
    expect([second.code, second.stdout]).toEqual([0, "more.ts\nmore.test.ts\n"]);
  });

  it("makes nothing of an app where a link that leads nowhere has a name of it", async (context) => {
    const folder = newFolder(context);
    symlinkSync("nowhere", folder.path("counts.test.ts"));
    const { code, stdout, stderr } = await folder.tsmr("init", "counts").ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('"counts.test.ts" exists already, and is not replaced\n');
    expect(folder.files()).not.toContain("counts.ts");
    // A package has these, wherever they are.
    symlinkSync("nowhere", folder.path("tsconfig.json"));
    const other = await folder.tsmr("init", "other").ended;
    expect(other.stdout).toBe("other.ts\nother.test.ts\npackage.json\n");
  });

  it("makes what a package lacks, and says what else it needs", async (context) => {
    const folder = newFolder(context);
    folder.write("package.json", '{ "dependencies": { "tsmr": "1" } }');
    const bare = await folder.tsmr("init", "counts").ended;
    expect(bare.stdout).toBe("counts.ts\ncounts.test.ts\ntsconfig.json\n");
    expect(bare.stderr).not.toContain("npm install tsmr");
    expect(bare.stderr).toContain("npm install --save-dev tsx typescript @types/node\n");
    expect(bare.stderr).toContain("npm pkg set type=module\n");
    const all = { tsmr: "1", tsx: "1", typescript: "1", "@types/node": "1" };
    folder.write("package.json", JSON.stringify({ type: "module", dependencies: all }));
    const full = await folder.tsmr("init", "more").ended;
    expect(full.stdout).toBe("more.ts\nmore.test.ts\n");
    expect(full.stderr).toMatch(/^\nNext:\n {2}node --import tsx/);
  });

  it("lists the shipped apps, each with the first line of its file, and each has a test", async (context) => {
    const names = readdirSync(APPS).filter((name) => name.endsWith(".ts"));
    expect([...SHIPPED_APPS.map(({ name }) => name), ...TEST_APPS].sort()).toEqual(
      names.map((name) => name.replace(".ts", "")).sort(),
    );
    for (const { name, summary } of SHIPPED_APPS) {
      expect(readFileSync(`${APPS}${name}.ts`, "utf8").split("\n", 1)[0]).toBe(`// ${summary}`);
      expect(existsSync(`${APP_TESTS}${name}.test.ts`), `a test of ${name}`).toBe(true);
    }
    const folder = newFolder(context);
    const { stdout } = await folder.tsmr("apps").ended;
    expect(stdout).toMatch(/^wc +Word count: /m);
    const json = await folder.tsmr("apps", "--json").ended;
    expect(JSON.parse(json.stdout)).toEqual(SHIPPED_APPS);
  });
});

describe("a word for a shell", () => {
  it.each(["a", "a b", "it's", "$HOME", "*", "", "--x=y", "ü", "a\nb", "\\"])(
    "is %j again",
    (word) => {
      const echoed = execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`]);
      expect(echoed.toString()).toBe(word);
    },
  );
});
