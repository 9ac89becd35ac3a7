import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as bundler from "../../../src/mr/app/load/bundle-app.ts";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { sum } from "../../../src/mr/index.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../../support/unprivileged.ts";
import { newAppFolder } from "./app-folder.ts";

const folder = newAppFolder();
const { write, exported } = folder;
beforeEach(() => {
  vi.restoreAllMocks();
});

const exporting = (value: string) => `export const name = "${value}";`;
const requirable = (value: string) => `exports.name = "${value}";`;

/** Makes an app that exports what a module is named. */
function importFrom(specifier: string): void {
  write("app.ts", `import { name } from "${specifier}"; export const value = name;`);
}

describe("compileApp", () => {
  it("does not compile again while nothing has changed, whatever else is made beside the app", async () => {
    const own = `import { existsSync } from "fs"; import "node:path"; import { sum } from "tsmr";`;
    write(
      "app.ts",
      `${own} import { name as value } from "dep"; export { existsSync, sum, value };`,
    );
    write("node_modules/dep/index.js", requirable("one"));
    write("tsconfig.json", { compilerOptions: { paths: { "#*": ["./*"] } } });
    expect(await exported()).toBe("one");
    const bundleApp = vi.spyOn(bundler, "bundleApp");
    write("mr-out/mr-out-0", "");
    write("node_modules/other/index.js", "");
    expect(await exported()).toBe("one");
    expect(bundleApp).not.toHaveBeenCalled();
  });

  it("F47: does not keep what was compiled while a source changed", async () => {
    importFrom("./name");
    write("name.ts", exporting("one"));
    const { bundleApp } = bundler;
    let bundles = 0;
    vi.spyOn(bundler, "bundleApp").mockImplementation(async (...given) => {
      const bundle = await bundleApp(...given);
      bundles += 1;
      // After the last look at the sources, as it were: the bundle has the old one.
      if (bundles === 2) write("name.ts", exporting("two"));
      return bundle;
    });
    expect(await exported()).toBe("one");
    expect(await exported()).toBe("two");
  });

  it.each([
    ["a file", "createRequire(import.meta.url)('./name.cjs').name", "name.cjs"],
    ["a file of data", 'own("./name.json").name', "name.json"],
    ["what a file imports", "own(`./other.js`).name", "name.cjs"],
    ["a package", 'own("dep").name', "node_modules/dep/index.js"],
  ])(
    "F47: has another digest when %s that createRequire loads is another",
    async (_, call, file) => {
      const value = (name: string) =>
        file.endsWith(".json") ? JSON.stringify({ name }) : requirable(name);
      write("lib/package.json", { type: "commonjs" });
      write("lib/other.js", 'exports.name = require("./name.cjs").name;');
      write("lib/bad.cjs", "(");
      write(
        "lib/own.mjs",
        `import { createRequire } from "node:module"; const own = createRequire(import.meta.url);
       export const value = () => ${call}; try { own("./bad.cjs"); own("./none.cjs"); } catch {}`,
      );
      const app = write("app.ts", 'import { value } from "./lib/own.mjs"; export { value };');
      const digests: string[] = [];
      for (const name of ["one", "one", "two"]) {
        write(`lib/${file}`, value(name));
        digests.push((await compileApp(app)).digest);
      }
      expect(digests[1]).toBe(digests[0]);
      expect(digests[2]).not.toBe(digests[0]);
    },
  );

  it("tells each module its own address, in CommonJS and in packages too", async () => {
    write("node_modules/esm/package.json", { type: "module", exports: "./main.js" });
    const esm = "export const esm = [import.meta.url, import.meta.dirname, import.meta.filename];";
    const esmPath = write("node_modules/esm/main.js", `#!/usr/bin/env node\n${esm}`);
    const cjsPath = write(
      "node_modules/cjs/index.js",
      `"use strict"; exports.cjs = [__dirname, __filename, require.resolve("./index.js")];`,
    );
    const app = write(
      "app.ts",
      `import { createRequire } from "node:module";
       import { esm } from "esm";
       import { cjs } from "cjs";
       const require = createRequire(import.meta.url);
       const { dirname: __dirname, filename: __filename } = import.meta;
       const { name } = require("./data.json");
       const found = import.meta.resolve("./data.json");
       export const value = { esm, cjs, own: [import.meta.url, __dirname, __filename, name, found] };`,
    );
    const data = write("data.json", { name: "data" });
    expect(await exported()).toEqual({
      esm: [pathToFileURL(esmPath).href, dirname(esmPath), esmPath],
      cjs: [dirname(cjsPath), cjsPath, cjsPath],
      own: [pathToFileURL(app).href, folder.directory, app, "data", pathToFileURL(data).href],
    });
  });

  it("names the column of a mistake behind the members that it gives a module", async () => {
    const app = write("app.cjs", "const m = module; m.id; import.meta.url; require('./none');");
    await expect(compileApp(app)).rejects.toThrow(/app\.cjs:1:50: /);
  });

  it("shares this library with an app that imports the sources of another copy, and keeps it", async () => {
    write("other/package.json", { name: "tsmr" });
    write("other/src/mr/index.ts", "export const sum = 'wrong';");
    write("app.ts", `import { sum } from "./other/src/mr/index.ts"; export const value = sum;`);
    const value = await exported();
    expect(value).toBe(sum);
    const bundleApp = vi.spyOn(bundler, "bundleApp");
    await exported();
    expect(bundleApp).not.toHaveBeenCalled();
    write("other/package.json", { name: "other" });
    write("app.ts", `export { sum as value } from "./other/src/mr/index.ts";`);
    expect(await exported()).toBe("wrong");
  });

  it("F21: names the column of a mistake on the first line of a module that asks for its address", async () => {
    const app = write("app.ts", "import.meta.url; const = 1;");
    await expect(compileApp(app)).rejects.toThrow(/app\.ts:1:24: /);
  });

  it("does without a tsconfig.json that is broken, or extends what is not there", async () => {
    importFrom("./name.ts");
    write("name.ts", exporting("one"));
    for (const config of ["{", `{ "extends": "./none.json" }`, `{ "compilerOptions": 7 }`, "[]"]) {
      write("tsconfig.json", config);
      expect(await exported()).toBe("one");
    }
    rmSync(join(folder.directory, "tsconfig.json"));
    mkdirSync(join(folder.directory, "tsconfig.json"));
    expect(await exported()).toBe("one");
  });

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F35: does without the tsconfig.json of another user in a shared folder above the app (needs root)",
    async () => {
      const shared = folder.directory;
      folder.directory = join(shared, "mine");
      importFrom("#name");
      write("package.json", { imports: { "#name": "./name.js" } });
      write("name.js", exporting("mine"));
      const config = { compilerOptions: { paths: { "#name": ["./theirs.js"] } } };
      writeFileSync(join(shared, "tsconfig.json"), JSON.stringify(config));
      writeFileSync(join(shared, "theirs.js"), exporting("theirs"));
      expect(await exported()).toBe("theirs");
      chmodSync(shared, 0o1777);
      expect(await exported()).toBe("mine");
      chmodSync(shared, 0o775);
      chownSync(shared, 0, unprivilegedUid ?? 0);
      expect(await exported()).toBe("mine");
      chownSync(shared, unprivilegedUid ?? 0, 0);
      chmodSync(shared, 0o755);
      expect(await exported()).toBe("mine");
    },
  );
});
