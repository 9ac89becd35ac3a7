// Tests that a compiled app is what Node.js makes of its sources.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { newAppFolder } from "./app-folder.ts";

const folder = newAppFolder();

/** The export `value` of a module, as JSON, that a process of its own imports. */
function printed(path: string): unknown {
  const code = `process.stdout.write(JSON.stringify((await import(${JSON.stringify(path)})).value))`;
  const flags = ["--no-warnings", "--input-type=module", "-e", code];
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8" }));
}

const ES_MODULE = "Object.defineProperty(exports, '__esModule', { value: true });";
const exporting = (condition: string) => ({
  "node_modules/dep/package.json": { exports: { [condition]: "./a.js", default: "./b.js" } },
  "node_modules/dep/a.js": `exports.name = "${condition}";`,
  "node_modules/dep/b.js": `exports.name = "default";`,
});
const DEFAULT = `import dep from "dep"; export const value = dep;`;
/** Fails in strict mode, or tells that it runs in it. */
const SLOPPY = {
  "an assignment to no variable": "undeclared = 1; exports.name = globalThis.undeclared;",
  "a with statement": "with ({ a: 1 }) { exports.name = a; }",
  "the this of a function":
    "exports.name = (function () { return this === globalThis; })() && this === exports;",
  "octal digits and arguments":
    "exports.name = (function (a, a) { arguments[1] = 3; return a + 010; })(1, 2);",
  "a deleted variable": "var a; exports.name = delete a;",
  "what it requires":
    "name = 1; exports.name = [require('./lib').x, require('node:path').sep, module.id === __filename, typeof require.resolve];",
  "a package that is not there":
    "name = 1; try { require('none'); } catch (error) { exports.name = error.code; }",
  "one that requires it": "name = 1; exports.a = 1; exports.name = require('./cycle').a;",
};

const CASES: ReadonlyArray<[string, string, Readonly<Record<string, string | object>>]> = [
  ...["module", "module-sync", "node-addons", "node", "import", "browser"].map(
    (condition): (typeof CASES)[number] => [
      `a package with exports for "${condition}"`,
      DEFAULT,
      exporting(condition),
    ],
  ),
  [
    "a package that has a module for bundlers",
    DEFAULT,
    {
      "node_modules/dep/package.json": { module: "a.js" },
      "node_modules/dep/a.js": "export default 'module';",
      "node_modules/dep/index.js": "module.exports = 'index';",
    },
  ],
  [
    "the default of a package with __esModule",
    `import dep, { name } from "dep"; const all = await import("dep"); export const value = [dep, name, all.default];`,
    { "node_modules/dep/index.js": `${ES_MODULE} exports.default = 1; exports.name = 2;` },
  ],
  [
    "what a package requires with __esModule",
    `import dep from "dep"; export const value = dep;`,
    {
      "node_modules/dep/index.js": "exports.name = require('other').default;",
      "node_modules/other/index.js": `${ES_MODULE} exports.default = 1;`,
    },
  ],
  ...Object.entries(SLOPPY).map(([what, code]): (typeof CASES)[number] => [
    `a module that is not strict: ${what}`,
    `import dep from "dep"; export const value = dep.name;`,
    {
      "node_modules/dep/index.js": `#!/usr/bin/env node\n// not strict\n${code}`,
      "node_modules/dep/lib.js": "'use strict'; exports.x = (function () { return !this; })();",
      "node_modules/dep/cycle.js": "exports.a = require('./index.js').a;",
    },
  ]),
];

describe("a compiled app", () => {
  it.each(CASES)("F47: gives what Node.js gives for %s", async (_, app, files) => {
    for (const [name, contents] of Object.entries(files)) folder.write(name, contents);
    const expected = printed(folder.write("app.mjs", app));
    const path = folder.write("app.ts", app);
    expect(printed((await compileApp(path)).path)).toEqual(expected);
  });

  it("F47: follows the conditions that Node.js is given", async () => {
    for (const [name, contents] of Object.entries(exporting("own"))) folder.write(name, contents);
    folder.write("app.ts", `import dep from "dep"; export const value = dep.name;`);
    expect(await folder.exported()).toBe("default");
    vi.stubEnv("NODE_OPTIONS", "--conditions=own");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await folder.exported()).toBe("own");
  });

  it("F47: names the line of a module that is not strict", async () => {
    folder.write("node_modules/dep/index.js", "\n\nexports.fail = () => { throw Error('x'); };");
    folder.write(
      "app.ts",
      `import dep from "dep"; let value: unknown; try { dep.fail(); } catch (error) { value = error.stack; } export { value };`,
    );
    const place = join(folder.directory, "node_modules/dep/index.js:3:");
    expect(await folder.exported()).toContain(place);
  });
});
