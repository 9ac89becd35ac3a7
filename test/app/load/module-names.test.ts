import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { replaceModuleNames } from "../../../src/mr/app/load/module-names.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** The export `value` of an app of these files. */
async function exported(files: Readonly<Record<string, string>>): Promise<unknown> {
  const directory = temporaryDirectory();
  for (const [name, contents] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  const { path } = await compileApp(join(directory, "app.ts"));
  return (await import(pathToFileURL(path).href)).value;
}

/** The same of an app, as a process of its own loads it. */
async function printed(app: string): Promise<string> {
  const { path } = await compileApp(app);
  const code = `process.stdout.write((await import(${JSON.stringify(path)})).value)`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
}

const RIGHT = "module.exports = 'right';";
const WRONG = "module.exports = 'wrong';";

/** What a module of CommonJS in lib, or a package, requires by a name that is only known when it runs. */
const REQUIRES: ReadonlyArray<[string, string, Readonly<Record<string, string>>]> = [
  [
    "a file",
    "const n = './d.js'; module.exports = require(n);",
    { "lib/d.js": RIGHT, "d.js": WRONG },
  ],
  [
    "a package",
    "const n = 'q'; module.exports = require(n);",
    { "lib/node_modules/q/index.js": RIGHT, "node_modules/q/index.js": WRONG },
  ],
  [
    "a file, by another name of require",
    "var r = require; const n = 'd'; try { module.exports = r('./locale/' + n); } catch {}",
    { "lib/locale/d.js": RIGHT, "locale/d.js": WRONG },
  ],
  [
    "a file, by a function that gets require",
    "const load = ({ require }) => (n) => require(n); module.exports = load({ require })('./d.js');",
    { "lib/d.js": RIGHT, "d.js": WRONG },
  ],
  [
    "a file, by module.require",
    "const n = './d.js'; module.exports = module.require(n);",
    { "lib/d.js": RIGHT, "d.js": WRONG },
  ],
  [
    "a file, beside one that is bundled",
    "const n = './d.js'; module.exports = require('./t').t + require(n);",
    { "lib/t.ts": "export const t: string = '';", "lib/d.js": RIGHT, "d.js": WRONG },
  ],
];

describe("replaceModuleNames", () => {
  for (const [what, code, files] of REQUIRES) {
    it(`lets a module require ${what}, from its own folder`, async () => {
      const app = "import value from './lib/main.cjs'; export { value };";
      expect(await exported({ "app.ts": app, "lib/main.cjs": code, ...files })).toBe("right");
    });
  }

  for (const [what, specifier, file] of [
    ["a file", "./d.mjs", "d.mjs"],
    ["a package", "q", "node_modules/q/index.js"],
  ]) {
    it(`lets a module import ${what}, from its own folder, by a name that is only known when it runs`, async () => {
      const directory = temporaryDirectory();
      const write = (name: string, contents: string) => {
        const path = join(directory, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, contents);
      };
      write("app.ts", "export { value } from './lib/main.mjs';");
      write(
        "lib/main.mjs",
        `const n = "${specifier}"; const { default: d } = await import(/* a comment */ n);
         const fs = await import(["f", "s"].join("")); export const value = d + typeof fs.openSync;`,
      );
      write(
        `lib/${file}`,
        file?.endsWith(".mjs") === true ? "export default 'right ';" : "module.exports = 'right ';",
      );
      write(
        file ?? "",
        file?.endsWith(".mjs") === true ? "export default 'wrong ';" : "module.exports = 'wrong ';",
      );
      expect(await printed(join(directory, "app.ts"))).toBe("right function");
    });
  }

  it("lets a package require a file of its own by a name that is only known when it runs", async () => {
    expect(
      await exported({
        "app.ts": "import value from 'p'; export { value };",
        "node_modules/p/index.js": "const n = './data.js'; module.exports = require(n);",
        "node_modules/p/data.js": RIGHT,
        "data.js": WRONG,
      }),
    ).toBe("right");
  });

  it.each([
    "[module.filename, module['id'], module.path, __filename]",
    "(() => { const m = module; return [m.filename, m.id, m.path, __filename]; })()",
    "((m) => [m.filename, m.id, m.path, __filename])(module)",
    "(({ filename, id, path }) => [filename, id, path, __filename])(module)",
    "[...['filename', 'id', 'path'].map((name) => module[name]), __filename]",
  ])("tells a module of CommonJS its own path: %s", async (paths) => {
    const value = await exported({
      "app.ts": "import value from 'p'; export { value };",
      "node_modules/p/lib/main.js": `module.exports = ${paths};`,
      "node_modules/p/package.json": `{ "main": "lib/main.js" }`,
    });
    const end = expect.stringMatching(/\/node_modules\/p\/lib\/main\.js$/);
    expect(value).toEqual([end, end, expect.stringMatching(/\/p\/lib$/), end]);
  });

  it("gives a module of CommonJS the members and the class of modules", async () => {
    const value = await exported({
      "app.ts": "import value from './lib/main.cjs'; export { value };",
      "lib/main.cjs":
        "const m = module; m.exports = [m instanceof require('module'), m.loaded, m.children, m.paths[0], m.constructor.name, m === module];",
    });
    const paths = expect.stringMatching(/\/lib\/node_modules$/);
    expect(value).toEqual([true, false, [], paths, "Module", true]);
  });

  it("leaves a module with import and export without the variable module", async () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, "app.js"),
      "export const value = typeof module !== 'undefined' && module.id ? 'wrong' : 'none';",
    );
    expect(await printed(join(directory, "app.js"))).toBe("none");
  });

  it.each(["const r = require;", "const m = module, r = (name) => m.require(name);"])(
    "F47: lets a file that is required by another name be another in the next run: %s",
    async (alias) => {
      const directory = temporaryDirectory();
      const app = join(directory, "app.ts");
      mkdirSync(join(directory, "lib"));
      writeFileSync(app, "import value from './lib/main.cjs'; export { value };");
      writeFileSync(join(directory, "lib/main.cjs"), `${alias} module.exports = r("./d.js");`);
      writeFileSync(join(directory, "lib/d.js"), "module.exports = 'one';");
      writeFileSync(join(directory, "d.js"), WRONG);
      expect(await printed(app)).toBe("one");
      writeFileSync(join(directory, "lib/d.js"), "module.exports = 'two';");
      expect(await printed(app)).toBe("two");
    },
  );

  it.each([
    "require('./a'); require(x ? './a' : './b'); require('./a/' + x); require(`./a`);",
    "((require, module) => { require(x); module.id; })();",
    "const require = createRequire(import.meta.url); require(x);",
    "require = other; require(x);",
    "import('./a'); import(x ? './a' : './b'); import('./a/' + x); a.import(x); 'import(x)';",
    "a.require(x); ({ require: 1 }); 'require(x)'; // require(x)",
    "require(x); const = 1;",
  ])("leaves code as it is that calls no other require than the bundler's: %s", async (code) => {
    expect(await replaceModuleNames(code, "js")).toBe(code);
  });

  it("replaces names where they stand, on any line and after any character", async () => {
    const code =
      "/* \u{1F600} */ f(require, 1);\r\nconst s = 'ü\u2028';\nlet o = { a, require }, p = { require: require };";
    expect(await replaceModuleNames(code, "js")).toBe(
      "/* \u{1F600} */ f(__tsmrq, 1);\r\nconst s = 'ü\u2028';\nlet o = { a, require: __tsmrq }, p = { require: __tsmrq };",
    );
  });
});
