// Tests src/mr/app/load/check-app-types.ts with the commands.

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, type TestContext } from "vitest";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { REDUCE } from "../support/apps.ts";
import { isSkippedFor } from "../support/needs.ts";
import { type Folder, newFolder } from "../support/tsmr.ts";
import { NO_OTHER_USER, unprivilegedUid } from "../support/unprivileged.ts";

const COMPILER = fileURLToPath(
  new URL("../../node_modules/typescript/lib/tsc.js", import.meta.url),
);
const SETTINGS = {
  compilerOptions: { target: "es2023", module: "nodenext", types: [], strict: true },
};
const MAP = `import type { Word } from "./word.ts";
export function map(_file: string, text: string) {
  return text.split(" ").map((key: Word) => ({ key, value: "1" }));
}
`;
const WRONG = `const wrong: number = "1", wronger: Date = wrong;`;

/** A folder with an app, settings, and a TypeScript that counts how often it is run. */
function typedFolder(context: TestContext, tsc = `require(${JSON.stringify(COMPILER)});`): Folder {
  const folder = newFolder(context);
  folder.write("app.ts", MAP + REDUCE);
  folder.write("word.ts", "export type Word = string;");
  folder.write("tsconfig.json", JSON.stringify(SETTINGS));
  mkdirSync(folder.path("node_modules/typescript"), { recursive: true });
  folder.write("node_modules/typescript/package.json", '{ "bin": { "tsc": "tsc.cjs" } }');
  const count = `require("node:fs").appendFileSync(__dirname + "/../../checks", "+");`;
  folder.write("node_modules/typescript/tsc.cjs", `${count}\n${tsc}`);
  return folder;
}

const run = (folder: Folder, out: string, ...flags: string[]) =>
  folder.tsmr("run", "app.ts", "a", "-q", "-w", "1", "--out", out, ...flags).ended;

const DONE = { code: 0, signal: null, stdout: "", stderr: "" };

describe("the types of an app", { concurrent: true }, () => {
  it("refuse a job by the compiler's words, and leave nothing of it", async (context) => {
    const folder = typedFolder(context);
    folder.write("app.ts", `${MAP}${WRONG}\nexport const used = wronger;${REDUCE}`);
    expect(await run(folder, "out")).toEqual({
      ...DONE,
      code: 1,
      stderr:
        "tsmr: app.ts:5:7: error TS2322: Type 'string' is not assignable to type 'number'. (and 1 more error)\n",
    });
    expect(existsSync(folder.path("out"))).toBe(false);
    const options = { inputs: [folder.path("a")], out: folder.path("out"), workers: 1 };
    for (const engine of ["local", "sequential"] as const) {
      const job = runJob({ app: folder.path("app.ts"), engine, ...options });
      await expect(job).rejects.toMatchObject({ code: "APP_TYPE_ERROR" });
    }
  });

  it("refuse a job by all lines of the compiler's message", async (context) => {
    const folder = typedFolder(context);
    folder.write(
      "app.ts",
      `${MAP}const wrong: { a: { b: number } } = { a: { b: "1" } as { b: string } };\nconsole.log(wrong);${REDUCE}`,
    );
    const { code, stderr } = await run(folder, "out");
    expect([code, stderr.split("\n")]).toEqual([
      1,
      [
        expect.stringMatching(/^tsmr: app\.ts:5:\d+: error TS2322: Type .* is not assignable/),
        expect.stringMatching(/^ {2}\S/),
        expect.stringMatching(/^ {4}\S/),
        "",
      ],
    ]);
  });

  it("allow all that this version of Node can do, whatever target the settings name", async (context) => {
    const folder = typedFolder(context);
    const compilerOptions = { ...SETTINGS.compilerOptions, target: "es5" };
    folder.write("tsconfig.json", JSON.stringify({ compilerOptions }));
    folder.write(
      "app.ts",
      `${MAP}export function* keys(all: Map<string, number>) { yield* all.keys(); }\n${REDUCE}`,
    );
    expect(await run(folder, "out")).toEqual(DONE);
    expect(folder.text("checks")).toBe("+");
  });

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F35: are checked by no compiler, and with no settings, of another user in a shared folder (needs root)",
    async (context) => {
      const folder = typedFolder(context);
      mkdirSync(folder.path("mine"));
      folder.write("mine/app.ts", MAP.replace("./word.ts", "../word.ts") + REDUCE);
      const args = ["run", "mine/app.ts", "a", "-q", "-w", "1", "--out"];
      chmodSync(folder.directory, 0o1777);
      expect(await folder.tsmr(...args, "1").ended).toEqual(DONE);
      expect(existsSync(folder.path("checks"))).toBe(false);
      chmodSync(folder.directory, 0o755);
      chownSync(folder.path("node_modules/typescript"), unprivilegedUid ?? 0, 0);
      expect(await folder.tsmr(...args, "2").ended).toEqual(DONE);
      expect(existsSync(folder.path("checks"))).toBe(false);
      chownSync(folder.path("node_modules/typescript"), 0, 0);
      expect(await folder.tsmr(...args, "3").ended).toEqual(DONE);
      expect(folder.text("checks")).toBe("+");
    },
  );

  it("are not checked again until a file has changed that they are in", async (context) => {
    const folder = typedFolder(context);
    expect(await run(folder, "1")).toEqual(DONE);
    expect(folder.text("checks")).toBe("+");
    expect(await run(folder, "2")).toEqual(DONE);
    expect(folder.text("checks")).toBe("+");
    // Only types: what is run stays the same.
    folder.write("word.ts", "export type Word = number;");
    const { code, stderr } = await run(folder, "3");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^tsmr: app\.ts:3:\d+: error TS/)]);
    expect(folder.text("checks")).toBe("++");
  });

  it("are checked again when a declaration is added that counts for all files", async (context) => {
    const folder = typedFolder(context);
    expect(await run(folder, "1")).toEqual(DONE);
    mkdirSync(folder.path("lib"));
    // The compiler takes a further overload of `split`, which is looked at first.
    folder.write("lib/own.d.ts", "interface String { split(by: string): number[] }");
    const { code, stderr } = await run(folder, "2");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^tsmr: app\.ts:3:\d+: error TS/)]);
    expect(folder.text("checks")).toBe("++");
  });

  it.for<[string, string, (folder: Folder) => void, (folder: Folder) => void]>([
    [
      "a file that is found first",
      "./found",
      (folder) => folder.write("found.js", "export const found = 'one';"),
      (folder) => folder.write("found.ts", "export const found: number = 1;"),
    ],
    [
      "a file that paths name first",
      "#found",
      (folder) => folder.write("second.ts", "export const found: string = 'one';"),
      (folder) => folder.write("first.ts", "export const found: number = 1;"),
    ],
    [
      "a package that a link leads to",
      "dep",
      (folder) => {
        for (const version of [1, 2]) {
          mkdirSync(folder.path(`.pnpm/${version}/dep`), { recursive: true });
        }
        folder.write(".pnpm/1/dep/index.ts", "export const found: string = 'one';");
        folder.write(".pnpm/2/dep/index.ts", "export const found: number = 1;");
        symlinkSync("../.pnpm/1/dep", folder.path("node_modules/dep"));
      },
      (folder) => {
        rmSync(folder.path("node_modules/dep"));
        symlinkSync("../.pnpm/2/dep", folder.path("node_modules/dep"));
      },
    ],
    [
      "the declarations that a package.json names",
      "dep",
      (folder) => {
        mkdirSync(folder.path("node_modules/dep"));
        folder.write("node_modules/dep/index.js", "exports.found = 'one';");
        folder.write("node_modules/dep/one.d.ts", "export declare const found: string;");
        folder.write("node_modules/dep/two.d.ts", "export declare const found: number;");
        folder.write("node_modules/dep/package.json", '{ "types": "one.d.ts" }');
      },
      (folder) => folder.write("node_modules/dep/package.json", '{ "types": "two.d.ts" }'),
    ],
    [
      "a file whose time of modification was kept",
      "./found.ts",
      (folder) => {
        folder.write("found.ts", "export const found: string = '';");
        utimesSync(folder.path("found.ts"), 1, 1);
      },
      (folder) => {
        folder.write("found.ts", "export const found: number = 17;");
        utimesSync(folder.path("found.ts"), 1, 1);
      },
    ],
  ])(
    "F47: are checked again when an import leads to another: %s",
    async ([, name, before, after], context) => {
      const folder = typedFolder(context);
      const options = { ...SETTINGS.compilerOptions, module: "preserve", allowJs: true };
      const paths = { "#found": ["./first.ts", "./second.ts"] };
      folder.write("tsconfig.json", JSON.stringify({ compilerOptions: { ...options, paths } }));
      folder.write(
        "app.ts",
        `import { found } from "${name}"; const text: string = found; export const map = () => [{ key: text, value: "" }];${REDUCE}`,
      );
      before(folder);
      expect(await run(folder, "1")).toEqual(DONE);
      after(folder);
      const { code, stderr } = await run(folder, "2");
      expect([code, stderr]).toEqual([1, expect.stringContaining("app.ts:1:")]);
    },
  );

  it("are refused where an imported file has them wrong", async (context) => {
    const folder = typedFolder(context);
    folder.write("word.ts", `export type Word = string;\n${WRONG}\nconsole.log(wronger);`);
    const { code, stderr } = await run(folder, "out");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^tsmr: word\.ts:2:7: error TS2322/)]);
  });

  it("know what is declared for the whole project", async (context) => {
    const folder = typedFolder(context);
    folder.write("app.ts", `${MAP}export const used = () => planet;${REDUCE}`);
    folder.write("planet.d.ts", "declare const planet: string;");
    expect(await run(folder, "out")).toEqual(DONE);
  });

  for (const [what, settings, code] of [
    ["a comma is missing", `{ "compilerOptions": { "types": ["node"] "strict": true } }`, "TS1005"],
    ["they are not JSON", "{ bad json", "TS1005"],
    ["they extend what is not there", `{ "extends": "./none.json" }`, "TS5083"],
    ["they name missing types", `{ "compilerOptions": { "types": ["none"] } }`, "TS2688"],
    ["they leave out the types of Node.js", "{}", "TS2591"],
  ] as const) {
    it(`do not stop an app where the settings are wrong: ${what}`, async (context) => {
      const folder = typedFolder(context);
      folder.write("app.ts", `import { sep } from "node:path"; export { sep };\n${MAP}${REDUCE}`);
      folder.write("tsconfig.json", settings);
      const flags = ["run", "app.ts", "a", "-w", "1", "--out"];
      expect(await folder.tsmr(...flags, "1", "-q").ended).toEqual(DONE);
      const { code: exit, stderr } = await folder.tsmr(...flags, "2").ended;
      const warnings = stderr.split("\n").filter((line) => line.includes("not checked"));
      expect([exit, warnings]).toEqual([
        0,
        [expect.stringMatching(`^tsmr: The types of the app are not checked: .*error ${code}: `)],
      ]);
    });
  }

  it("are not checked with --no-check", async (context) => {
    const folder = typedFolder(context);
    folder.write("app.ts", MAP + WRONG + REDUCE);
    expect(await run(folder, "out", "--no-check")).toEqual(DONE);
    expect(folder.files()).not.toContain("checks");
  });

  it("are not checked without a tsconfig.json, nor without TypeScript", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", MAP + WRONG + REDUCE);
    folder.write("word.ts", "export type Word = string;");
    expect(await run(folder, "1")).toEqual(DONE);
    folder.write("tsconfig.json", JSON.stringify(SETTINGS));
    expect(await run(folder, "2")).toEqual(DONE);
  });

  it("are nobody's business where the compiler does not work", async (context) => {
    const folder = typedFolder(context, "process.exit(3);");
    folder.write("app.ts", MAP + WRONG + REDUCE);
    expect(await run(folder, "1")).toEqual(DONE);
    folder.write("node_modules/typescript/package.json", "{");
    expect(await run(folder, "2")).toEqual(DONE);
  });

  it("are nobody's business where the library is not installed", async (context) => {
    const folder = typedFolder(context);
    folder.write(
      "app.ts",
      `import { defineApp, lines } from "tsmr";
      export default defineApp({
        input: lines(),
        map: (line, emit) => emit(line, 1),
        reduce: (_key, values) => [...values].length,
      });`,
    );
    expect(await run(folder, "out")).toEqual(DONE);
    expect(folder.text("checks")).toBe("+");
  });

  for (const options of [
    { module: "commonjs" },
    { module: "commonjs", moduleResolution: "node10", ignoreDeprecations: "6.0" },
    { module: "nodenext" },
    { module: "node16", moduleResolution: "node16" },
    { module: "esnext", moduleResolution: "bundler" },
    {},
  ]) {
    const settings = JSON.stringify(options);
    it(`are those of the app as it is run, with ${settings}`, async (context) => {
      const folder = typedFolder(context);
      mkdirSync(folder.path("node_modules/tsmr"));
      const face = { types: "./face.d.ts", default: "./face.js" };
      const manifest = { name: "tsmr", type: "module", exports: { ".": face } };
      folder.write("node_modules/tsmr/package.json", JSON.stringify(manifest));
      folder.write(
        "node_modules/tsmr/face.d.ts",
        "export declare function words(of: string): Iterable<string>;",
      );
      const common = { target: "es2023", types: [], strict: true };
      folder.write("tsconfig.json", JSON.stringify({ compilerOptions: { ...common, ...options } }));
      // Nobody says that it is a module, and where it waits it is one.
      folder.write("package.json", "{}");
      const top = `import { words } from "tsmr"; import type { Word } from "./word.js"; await null;`;
      const app = `${top}
        export const map = (_: string, text: string) =>
          Array.from(words(text), (key: Word) => ({ key, value: "1" }));
        ${REDUCE}`;
      folder.write("app.ts", app);
      expect(await run(folder, "1")).toEqual(DONE);
      folder.write("app.ts", app.replace("words(text)", "words(txt)"));
      const { code, stderr } = await run(folder, "2");
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^tsmr: app\.ts:3:\d+: error TS/)]);
      expect(stderr).toContain("txt");
      expect(existsSync(folder.path("2"))).toBe(false);
    });
  }

  it("are checked again when the settings have changed", async (context) => {
    const folder = typedFolder(context);
    folder.write("app.ts", `${MAP}export const used = (x) => x;${REDUCE}`);
    const loose = { compilerOptions: { ...SETTINGS.compilerOptions, strict: false } };
    folder.write("tsconfig.json", JSON.stringify(loose));
    expect(await run(folder, "1")).toEqual(DONE);
    folder.write("tsconfig.json", JSON.stringify(SETTINGS));
    const { code, stderr } = await run(folder, "2");
    expect([code, stderr]).toEqual([1, expect.stringContaining("app.ts:5:22: error TS7006")]);
  });
});
