import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { sum } from "../../../src/mr/app/contract/combiners.ts";
import type { ClassicApp } from "../../../src/mr/app/contract/contract.ts";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { findApp } from "../../../src/mr/app/load/find-app.ts";
import { loadApp } from "../../../src/mr/app/load/load-app.ts";
import { MrError } from "../../../src/mr/base/errors.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const CONTEXT = { progress: () => undefined };
const REDUCE =
  "export function reduce(key: string, values: string[]) { return key + values.length; }\n";
const MAP =
  "export function map(file: string, text: string) { return [{ key: file, value: text }]; }\n";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const load = (spec: string) => loadApp(spec, directory);

describe("an app that was compiled before", () => {
  it("F47: is another one when a file that createRequire loads has changed meanwhile", async () => {
    const app = write(
      "app.ts",
      `import { createRequire } from "node:module"; const own = createRequire(import.meta.url);
      const map = () => own("./table.json"); const reduce = () => ""; export { map, reduce };`,
    );
    write("table.json", "[1]");
    const given = await compileApp(app);
    expect((await loadApp(app, directory, given)).digest).toBe(given.digest);
    write("table.json", "[2]");
    const { digest } = await loadApp(app, directory, given);
    expect(digest).not.toBe(given.digest);
    expect(digest).toBe((await compileApp(app)).digest);
  });
});

describe("finding an app", () => {
  it("takes what is given first, with its extension or without, then what is shipped", () => {
    const shipped = (name: string) => expect.stringMatching(`/src/mrapps/${name}$`);
    expect(findApp("wc.ts", directory)).toEqual(shipped("wc.ts"));
    expect(findApp("wc", directory)).toEqual(shipped("wc.ts"));
    const own = write("wc.ts", "");
    expect(findApp("wc.ts", directory)).toBe(own);
    expect(findApp("./wc", directory)).toBe(own);
    expect(findApp(own, "/")).toBe(own);
    const script = write("count.mjs", "");
    expect(findApp("count", directory)).toBe(script);
  });

  it("F21: says where it has looked when there is none", () => {
    expect(() => findApp("count", directory)).toThrow(
      mrError(
        "APP_NOT_FOUND",
        `Cannot find app "count": neither "${join(directory, "count")}" nor a shipped app exists`,
      ),
    );
    // A path is not looked for among the shipped apps.
    expect(() => findApp("./wc.ts", directory)).toThrow(
      mrError("APP_NOT_FOUND", 'Cannot find app "./wc.ts": no file'),
    );
  });

  it("F21: takes neither a directory nor a path that leads nowhere", () => {
    mkdirSync(join(directory, "apps.ts"));
    symlinkSync("loop.ts", join(directory, "loop.ts"));
    for (const spec of ["apps.ts", "./apps", "loop.ts", `./${"n".repeat(300)}`, ""]) {
      expect(() => findApp(spec, directory)).toThrow(mrError("APP_NOT_FOUND"));
    }
  });
});

describe("loading an app", () => {
  it("compiles TypeScript and what it imports, and hands back map and reduce", async () => {
    write("words.ts", "export const split = (text: string): string[] => text.split(' ');\n");
    const source = `import { split } from "./words.ts";
      import type { KeyValue } from "tsmr";
      export const map = (_: string, text: string): KeyValue[] =>
        split(text).map((key) => ({ key, value: "1" }));\n${REDUCE}`;
    const path = write("app.ts", source);
    const loaded = await load("app.ts");
    expect(loaded).toMatchObject({ name: "app.ts", path });
    expect(loaded.digest).toMatch(/^[0-9a-f]{64}$/);
    const app = loaded.app as ClassicApp;
    expect(app.map("f", "a b", CONTEXT)).toEqual([
      { key: "a", value: "1" },
      { key: "b", value: "1" },
    ]);
    expect(app.reduce("a", ["1", "1"], CONTEXT)).toBe("a2");
  });

  it("shares this library with the app, so that its classes are the same", async () => {
    write("app.ts", `import { MrError } from "tsmr"; export { MrError };\n${MAP}${REDUCE}`);
    const { path } = await compileApp(join(directory, "app.ts"));
    expect((await import(pathToFileURL(path).href)).MrError).toBe(MrError);
  });

  it("gives the app's own place in its module: import.meta.url and packages beside it", async () => {
    const path = write("app.ts", `export const here = import.meta.url;\n${MAP}${REDUCE}`);
    const compiled = await compileApp(path);
    expect((await import(pathToFileURL(compiled.path).href)).here).toBe(pathToFileURL(path).href);
  });

  it("F33: gives the same digest for the same app, and another when it or an import changes", async () => {
    write("words.ts", "export const one = '1';\n");
    const path = write(
      "app.ts",
      `import { one } from "./words.ts"; console.assert(one);\n${MAP}${REDUCE}`,
    );
    const first = await compileApp(path);
    expect(await compileApp(path)).toEqual(first);
    write("words.ts", "export const one = 'one';\n");
    const second = await compileApp(path);
    expect(second.digest).not.toBe(first.digest);
    write("words.ts", "export const one = '1';\n");
    expect((await compileApp(path)).digest).toBe(first.digest);
  });

  it("compiles the same app from many workers at once to the same module", async () => {
    const path = write("app.ts", MAP + REDUCE);
    const compiled = await Promise.all(Array.from({ length: 8 }, () => compileApp(path)));
    expect(new Set(compiled.map(({ path }) => path)).size).toBe(1);
    expect(basename(compiled[0]?.path ?? "")).toMatch(/^app-[0-9a-f]{16}\.mjs$/);
  });

  it("F21: refuses what does not compile, with the compiler's message, file, line and column", async () => {
    write("app.ts", `${MAP}\nexport function reduce( {\n`);
    await expect(load("app.ts")).rejects.toThrow(
      mrError("APP_NOT_COMPILED", "Cannot compile app", "app.ts:4:1"),
    );
    write("lost.ts", `import "./nowhere.ts";\n${MAP}${REDUCE}`);
    await expect(load("lost.ts")).rejects.toThrow(
      mrError("APP_NOT_COMPILED", "Cannot compile app", "lost.ts:1:", "nowhere.ts"),
    );
  });

  it("F21: refuses an app without map or reduce, and says what it exports instead", async () => {
    write("none.ts", "console.assert(true);\n");
    await expect(load("none.ts")).rejects.toThrow(
      mrError("APP_INVALID", 'function "map" and the function "reduce"', "it exports nothing"),
    );
    write("mapp.ts", MAP.replace("map", "mapp") + REDUCE);
    await expect(load("mapp.ts")).rejects.toThrow(
      mrError("APP_INVALID", '"map"', '"mapp", "reduce"'),
    );
    write("word.ts", `export const map = "no function";\n${REDUCE}`);
    await expect(load("word.ts")).rejects.toThrow(mrError("APP_INVALID", 'function "map"'));
  });

  it("names a shipped app as one asks for it, without the extension that it happens to have", async () => {
    expect((await load("wc")).name).toBe("wc");
    expect((await load("wc.ts")).name).toBe("wc");
    write("wc.ts", MAP + REDUCE);
    expect((await load("wc")).name).toBe("wc.ts");
  });

  it("takes an app written as CommonJS, in the classic form", async () => {
    const text = `const { one } = require("./one.cjs");
      module.exports.map = (key) => [{ key, value: one }];
      module.exports.reduce = (key, values) => key + values.join();\n`;
    write("one.cjs", "exports.one = '1';\n");
    write("package.json", '{ "type": "commonjs" }');
    for (const name of ["app.js", "app.cjs"]) {
      write(name, text);
      const app = (await load(name)).app as ClassicApp;
      expect(app.map("f", "", CONTEXT)).toEqual([{ key: "f", value: "1" }]);
      expect(app.reduce("f", ["1", "2"], CONTEXT)).toBe("f1,2");
    }
  });

  it("takes an app written as CommonJS, in the record form, with this library's own functions", async () => {
    const definition = `{ input: lines(), map() {}, combine: sum, reduce: () => 1 }`;
    const uses = `const { defineApp, lines, sum, MrError } = require("tsmr");\n`;
    const texts = [
      `${uses}module.exports = defineApp(${definition});`,
      // As the TypeScript compiler writes it.
      `${uses}Object.defineProperty(exports, "__esModule", { value: true });
       exports.default = defineApp(${definition});`,
      `${uses}require("tsmr/testing"); module.exports = ${definition};`,
    ];
    for (const [index, text] of texts.entries()) {
      const { app } = await load(write(`app${index}.js`, text));
      expect(app).toMatchObject({ form: "record", combine: sum });
    }
    const own = write("own.js", `${uses}module.exports = { MrError, map() {}, reduce() {} };`);
    const { path } = await compileApp(own);
    expect((await import(pathToFileURL(path).href)).default.MrError).toBe(MrError);
    // Where nothing has changed, it is not compiled again.
    expect((await compileApp(own)).path).toBe(path);
  });

  it("takes functions in the default export for the classic form, and names what else is there", async () => {
    write("app.js", "export default { map: () => [], reduce: () => '' };\n");
    expect((await load("app.js")).app).not.toHaveProperty("form");
    // What has a member of the record form is one that is not finished.
    write("record.js", "export default { map: () => [], reduce: () => '', combine: () => 1 };\n");
    await expect(load("record.js")).rejects.toThrow(mrError("APP_INVALID", '"input" is missing'));
    write("typo.js", "export default { map: () => [], reduce: () => '', Inputs: {} };\n");
    await expect(load("typo.js")).rejects.toThrow(mrError("APP_INVALID", 'did you mean "input"?'));
    write("class.js", "class App { map() {} reduce() {} } module.exports = new App();\n");
    expect((await load("class.js")).app.map).toBeTypeOf("function");
    write("half.js", "module.exports.map = () => [];\n");
    await expect(load("half.js")).rejects.toThrow(
      mrError("APP_INVALID", 'function "reduce"', 'exports "map"'),
    );
    write("empty.js", "module.exports = {};\n");
    await expect(load("empty.js")).rejects.toThrow(
      mrError("APP_INVALID", 'function "map"', "exports nothing"),
    );
  });

  it("F21: refuses an app that throws while it is loaded, with the cause", async () => {
    write("app.ts", `throw new Error("no licence");\n${MAP}${REDUCE}`);
    await expect(load("app.ts")).rejects.toThrow(
      mrError("APP_NOT_LOADED", "Cannot load app", "no licence"),
    );
  });
});
