import { spawnSync } from "node:child_process";
import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import type { ClassicApp } from "../../../src/mr/app/contract/contract.ts";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { loadApp } from "../../../src/mr/app/load/load-app.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../../support/unprivileged.ts";

/** A folder that all users may write into, and above the app's own. */
let shared: string;
beforeEach(() => {
  shared = temporaryDirectory();
  chmodSync(shared, 0o1777);
  write("mine/app.ts", `import { name } from "dep"; export const value = name;`);
  write("mine/node_modules/dep/index.js", `exports.name = "mine";`);
});

function write(name: string, contents: string | object): string {
  const path = join(shared, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof contents === "string" ? contents : JSON.stringify(contents));
  return path;
}

async function exported(): Promise<unknown> {
  const { path } = await compileApp(join(shared, "mine/app.ts"));
  return (await import(pathToFileURL(path).href)).value;
}

/** Makes what is in the shared folder the property of another user. */
function giveAway(name: string): void {
  lchownSync(join(shared, name), unprivilegedUid ?? 0, unprivilegedUid ?? 0);
}

const refusal = { code: "APP_NOT_COMPILED" };

/** Settings of Yarn that lead the import of the app to a package of another user. */
const PLUG_AND_PLAY = {
  enableTopLevelFallback: true,
  fallbackExclusionList: [],
  fallbackPool: [["dep", "npm:1"]],
  ignorePatternData: null,
  dependencyTreeRoots: [{ name: "root", reference: "workspace:." }],
  packageRegistryData: [
    [null, [[null, packageAt("./", "SOFT")]]],
    ["root", [["workspace:.", packageAt("./", "SOFT")]]],
    ["dep", [["npm:1", packageAt("./theirs/", "HARD")]]],
  ],
};

function packageAt(packageLocation: string, linkType: string): object {
  return { packageLocation, packageDependencies: [["dep", "npm:1"]], linkType };
}

describe.skipIf(process.platform === "win32")("files that are not an app's own", () => {
  it.each(["tsconfig.json", "jsconfig.json"])(
    "F64: a FIFO named %s above the app is not opened",
    async (name) => {
      spawnSync("mkfifo", [join(shared, name)]);
      expect(await exported()).toBe("mine");
    },
  );

  it("F64: a FIFO as the app's own tsconfig.json is not opened", async () => {
    spawnSync("mkfifo", [join(shared, "mine/tsconfig.json")]);
    expect(await exported()).toBe("mine");
  });

  it("F64: a FIFO as a source of the app is refused by name", async () => {
    write("mine/app.ts", `import { name } from "./other.ts"; export const value = name;`);
    const path = join(shared, "mine/other.ts");
    spawnSync("mkfifo", [path]);
    await expect(exported()).rejects.toMatchObject(refusal);
    await expect(exported()).rejects.toThrow(`Cannot read "${path}": it is not a regular file`);
  });

  it.each(["package.json", ".pnp.data.json", ".pnp.cjs", ".pnp.js"])(
    "F64: a FIFO, or a link to a device, named %s above the app is refused by name",
    async (name) => {
      spawnSync("mkfifo", [join(shared, name)]);
      await expect(exported()).rejects.toThrow(join(shared, name));
      symlinkSync("/dev/zero", join(shared, "mine", name));
      await expect(exported()).rejects.toMatchObject(refusal);
      await expect(exported()).rejects.toThrow(join(shared, "mine", name));
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F64: settings of another user that lead imports elsewhere are refused by name (needs root)",
    async () => {
      write("theirs/index.js", `exports.name = "theirs";`);
      write("theirs/package.json", { name: "dep" });
      write(".pnp.data.json", PLUG_AND_PLAY);
      expect(await exported()).toBe("theirs");
      giveAway(".pnp.data.json");
      await expect(exported()).rejects.toMatchObject(refusal);
      await expect(exported()).rejects.toThrow(join(shared, ".pnp.data.json"));
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F64: a package.json of another user that drops code is refused by name, another is not (needs root)",
    async () => {
      write("package.json", { type: "commonjs" });
      giveAway("package.json");
      expect(await exported()).toBe("mine");
      write("package.json", { sideEffects: false });
      giveAway("package.json");
      await expect(exported()).rejects.toMatchObject(refusal);
      write("package.json", "{ with mistakes");
      giveAway("package.json");
      await expect(exported()).rejects.toThrow(join(shared, "package.json"));
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F64: settings of another user above a module that the app imports are refused by name (needs root)",
    async () => {
      const elsewhere = temporaryDirectory();
      chmodSync(elsewhere, 0o1777);
      mkdirSync(join(elsewhere, "lib"));
      writeFileSync(join(elsewhere, "lib/name.ts"), `export const name = "elsewhere";`);
      const module = JSON.stringify(join(elsewhere, "lib/name.ts"));
      write("mine/app.ts", `import { name } from ${module}; export const value = name;`);
      expect(await exported()).toBe("elsewhere");
      const manifest = join(elsewhere, "package.json");
      writeFileSync(manifest, JSON.stringify({ sideEffects: false }));
      lchownSync(manifest, unprivilegedUid ?? 0, unprivilegedUid ?? 0);
      await expect(exported()).rejects.toMatchObject(refusal);
      await expect(exported()).rejects.toThrow(manifest);
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F64: a package of another user in a shared folder is not run (needs root)",
    async () => {
      write("mine/app.ts", `import { name } from "other"; export const value = name;`);
      write("node_modules/other/index.js", `exports.name = "theirs";`);
      giveAway("node_modules");
      await expect(exported()).rejects.toMatchObject(refusal);
      await expect(exported()).rejects.toThrow(join(shared, "node_modules"));
      lchownSync(join(shared, "node_modules"), 0, 0);
      expect(await exported()).toBe("theirs");
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER)).each([
    ["import(names[0])", ""],
    ["require(names[0])", ""],
    ["require(require.resolve(names[0]))", ""],
    ["import('other')", "after it was compiled"],
    ["require('other')", "after it was compiled"],
  ])(
    "F64: %s does not run a package that another user has put there %s (needs root)",
    async (load, when) => {
      const app = `const names = ["other"]; let map = () => "none"; try { ({ map } = await ${load}); } catch {}
      export { map }; export const reduce = map;`;
      write("mine/app.ts", app);
      const compiled = when === "" ? undefined : await compileApp(join(shared, "mine/app.ts"));
      write("theirs/index.js", `exports.map = () => "theirs";`);
      mkdirSync(join(shared, "node_modules"));
      symlinkSync("../theirs", join(shared, "node_modules/other"));
      giveAway("node_modules");
      const loaded = await loadApp(join(shared, "mine/app.ts"), shared, compiled);
      expect((loaded.app as ClassicApp).map("", "", { progress: () => undefined })).toBe("none");
    },
  );

  describe.skipIf(isSkippedFor(NO_OTHER_USER))("a FIFO in a package of another user", () => {
    it.each([
      ['({ name: value } = await import("other"))', "other/package.json"],
      ['({ name: value } = await import("other/part"))', "other/part.js"],
      ['({ name: value } = await import("#other"))', "other/package.json"],
      ['({ name: value } = require("other"))', "other/index.js"],
      ['({ name: value } = createRequire(import.meta.url)("other"))', "other/package.json"],
      ['({ name: value } = await import("@some/other"))', "@some/other/package.json"],
      ['({ name: value } = await import("other"))', "other.js"],
    ])(
      "F64: is refused by name, where the app has %s and %s is a FIFO (needs root)",
      async (load, fifo) => {
        const before = 'import { createRequire } from "node:module"; let value = "none";';
        write(
          "mine/app.ts",
          `${before} try { ${load}; } catch {} export { createRequire, value };`,
        );
        write("mine/package.json", { imports: { "#other": "other" } });
        expect(await exported()).toBe("none");
        mkdirSync(dirname(join(shared, "node_modules", fifo)), { recursive: true });
        spawnSync("mkfifo", [join(shared, "node_modules", fifo)]);
        giveAway("node_modules");
        await expect(exported()).rejects.toMatchObject(refusal);
        await expect(exported()).rejects.toThrow(join(shared, "node_modules"));
      },
    );

    it("F64: does not matter to an app that has no such import (needs root)", async () => {
      write("node_modules/other.js", "");
      spawnSync("mkfifo", [join(shared, "node_modules/fifo")]);
      mkdirSync(join(shared, "node_modules/dep"));
      spawnSync("mkfifo", [join(shared, "node_modules/dep/package.json")]);
      giveAway("node_modules");
      expect(await exported()).toBe("mine");
    });
  });
});
