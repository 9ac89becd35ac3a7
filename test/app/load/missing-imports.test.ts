import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as bundler from "../../../src/mr/app/load/bundle-app.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { newAppFolder } from "./app-folder.ts";

const folder = newAppFolder();
const { write, exported } = folder;
beforeEach(() => {
  vi.restoreAllMocks();
});

const APP = `import value from "./lib/main.cjs"; export { value };`;

/** What an app does without: how it is looked for, and a file that makes it appear. */
const OPTIONAL: ReadonlyArray<[string, string]> = [
  [`require("dep")`, "node_modules/dep/index.js"],
  [`require("dep")`, "lib/node_modules/dep.js"],
  [`require("@s/dep/x")`, "node_modules/@s/dep/x.js"],
  [`require("./local")`, "lib/local.js"],
  [`require("./local")`, "lib/local/index.js"],
  [`require("./local.js")`, "lib/local.ts"],
  [`require("../d/local")`, "d/local.js"],
  [`(await import("dep")).default`, "node_modules/dep/index.js"],
  [`(await import("./local.js")).default`, "lib/local.js"],
];

describe("an import that leads to nothing", () => {
  for (const [optional, file] of OPTIONAL) {
    it(`F47: does not stop the cache, until ${file} appears, for ${optional}`, async () => {
      const code = `try { return ${optional}; } catch (error) { return error.code; }`;
      write("lib/main.cjs", `module.exports = (async () => { ${code} })();`);
      write("app.ts", `import main from "./lib/main.cjs"; export const value = await main;`);
      const isImport = optional.includes("import");
      expect(await exported()).toBe(isImport ? "ERR_MODULE_NOT_FOUND" : "MODULE_NOT_FOUND");
      const bundleApp = vi.spyOn(bundler, "bundleApp");
      await exported();
      expect(bundleApp).not.toHaveBeenCalled();
      write(file, `module.exports = "there";`);
      expect(await exported()).toBe("there");
      expect(bundleApp).toHaveBeenCalled();
    });
  }

  it("F47: is looked for by the paths of a tsconfig.json", async () => {
    write(
      "tsconfig.json",
      `{ "compilerOptions": { "baseUrl": "base", "paths": { "#*": ["./p/*"] } } }`,
    );
    write(
      "app.ts",
      `let value = "none";
       try { value = (await import("#a")).name; } catch {}
       try { value = (await import("b")).name; } catch {}
       export { value };`,
    );
    expect(await exported()).toBe("none");
    write("base/b.ts", `export const name = "b";`);
    expect(await exported()).toBe("b");
    write("base/b.ts", `throw new Error();`);
    write("base/p/a.ts", `export const name = "a";`);
    expect(await exported()).toBe("a");
  });

  it("is looked for from the folder of its own module, not from that of the app", async () => {
    const store = temporaryDirectory();
    mkdirSync(join(store, "p"));
    const missing = (specifier: string) =>
      `try { module.exports = require("${specifier}"); } catch { module.exports = "none"; }`;
    // A link, as those of pnpm, leads into a folder that sees no packages of the app.
    writeFileSync(join(store, "p/index.js"), missing("q"));
    write("node_modules/q/index.js", `module.exports = "wrong";`);
    symlinkSync(join(store, "p"), join(folder.directory, "node_modules/p"));
    write("lib/file.cjs", missing("./d.js"));
    write("d.js", `module.exports = "wrong";`);
    write(
      "app.ts",
      `import file from "./lib/file.cjs"; import p from "p"; export const value = [file, p];`,
    );
    expect(await exported()).toEqual(["none", "none"]);
  });

  it("fails as in Node.js, with the importer in its message", async () => {
    write("app.ts", APP);
    write(
      "lib/main.cjs",
      `try { require("nowhere"); } catch ({ code, message }) { module.exports = [code, message]; }`,
    );
    const [code, message] = (await exported()) as string[];
    expect(code).toBe("MODULE_NOT_FOUND");
    expect(message).toContain("Cannot find module 'nowhere'");
    expect(message).toContain(join(folder.directory, "lib/main.cjs"));
  });

  it("finds an addon that only Node.js looks for, from its own folder", async () => {
    write("app.ts", APP);
    write(
      "lib/main.cjs",
      `try { require("./addon"); } catch ({ message }) { module.exports = message; }`,
    );
    write("lib/addon.node", "no library");
    expect(await exported()).toContain(join(folder.directory, "lib/addon.node"));
  });
});
