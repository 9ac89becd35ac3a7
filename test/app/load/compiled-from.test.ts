// Tests src/mr/app/load/compiled-from.ts with compileApp.

import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as bundler from "../../../src/mr/app/load/bundle-app.ts";
import { compiledFrom } from "../../../src/mr/app/load/compiled-from.ts";
import { newAppFolder } from "./app-folder.ts";

const folder = newAppFolder();
const { write, exported } = folder;

const exporting = (value: string) => `export const name = "${value}";`;
const requirable = (value: string) => `exports.name = "${value}";`;

/** Makes an app that exports what a module is named. */
function importFrom(specifier: string): void {
  write("app.ts", `import { name } from "${specifier}"; export const value = name;`);
}

/** Whether the app need not be compiled. */
async function isCached(): Promise<boolean> {
  const bundleApp = vi.spyOn(bundler, "bundleApp");
  try {
    await exported();
    return bundleApp.mock.calls.length === 0;
  } finally {
    bundleApp.mockRestore();
  }
}

/** What changes where an import leads to, while every file that was compiled stays as it is. */
const CHANGES: ReadonlyArray<[string, string, () => void, () => void]> = [
  [
    "the link to a package",
    "dep",
    () => {
      for (const name of ["one", "two"]) {
        write(`node_modules/.pnpm/dep@${name}/dep/index.js`, requirable(name));
      }
      symlinkSync(".pnpm/dep@one/dep", join(folder.directory, "node_modules/dep"));
    },
    () => {
      rmSync(join(folder.directory, "node_modules/dep"));
      symlinkSync(".pnpm/dep@two/dep", join(folder.directory, "node_modules/dep"));
    },
  ],
  [
    "the main file of a package",
    "dep",
    () => {
      write("node_modules/dep/one.js", requirable("one"));
      write("node_modules/dep/two.js", requirable("two"));
      write("node_modules/dep/package.json", { main: "one.js" });
    },
    () => write("node_modules/dep/package.json", { main: "two.js" }),
  ],
  [
    "a main file that was missing",
    "dep",
    () => {
      write("node_modules/dep/index.js", requirable("one"));
      write("node_modules/dep/package.json", { main: "lib/two" });
    },
    () => write("node_modules/dep/lib/two.js", requirable("two")),
  ],
  [
    "a package nearer to the app",
    "dep",
    () => {
      write("node_modules/dep/index.js", requirable("one"));
      write("apps/app.ts", `import { name } from "dep"; export const value = name;`);
      write("app.ts", `export { value } from "./apps/app.ts";`);
    },
    () => write("apps/node_modules/dep/index.js", requirable("two")),
  ],
  [
    "the paths of a tsconfig.json",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      write(
        "tsconfig.json",
        `{ // first\n "compilerOptions": { "paths": { "#lib/*": ["./one/*"], } } }`,
      );
    },
    () => write("tsconfig.json", { compilerOptions: { paths: { "#lib/*": ["./two/*"] } } }),
  ],
  [
    "the paths of a configuration that is extended",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      write("node_modules/base/tsconfig.json", {
        compilerOptions: { paths: { "#lib/*": ["../../one/*"] } },
      });
      write("tsconfig.json", { extends: "base" });
    },
    () =>
      write("node_modules/base/tsconfig.json", {
        compilerOptions: { paths: { "#lib/*": ["../../two/*"] } },
      }),
  ],
  [
    "a file that paths name first",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("tsconfig.json", { compilerOptions: { paths: { "#lib/*": ["./two/*", "./one/*"] } } });
    },
    () => write("two/name.ts", exporting("two")),
  ],
  [
    "a tsconfig.json nearer to the app",
    "#name",
    () => {
      write("one.ts", exporting("one"));
      write("apps/two.ts", exporting("two"));
      write("tsconfig.json", { compilerOptions: { paths: { "#name": ["./one.ts"] } } });
      write("apps/app.ts", `import { name } from "#name"; export const value = name;`);
      write("app.ts", `export { value } from "./apps/app.ts";`);
    },
    () => write("apps/tsconfig.json", { compilerOptions: { paths: { "#name": ["./two.ts"] } } }),
  ],
  [
    "a file that is found first",
    "./name",
    () => write("name.js", exporting("one")),
    () => write("name.ts", exporting("two")),
  ],
  [
    "a file that is found before a folder",
    "./name",
    () => write("name/index.ts", exporting("one")),
    () => write("name.js", exporting("two")),
  ],
  [
    "a file that is found before that of another extension",
    "./name.js",
    () => write("name.ts", exporting("one")),
    () => write("name.js", exporting("two")),
  ],
  [
    "the imports of a package.json",
    "#name",
    () => {
      write("one.js", exporting("one"));
      write("two.js", exporting("two"));
      write("package.json", { imports: { "#name": "./one.js" } });
    },
    () => write("package.json", { imports: { "#name": "./two.js" } }),
  ],
  [
    "the link to a folder",
    "./lib/name.ts",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      symlinkSync("one", join(folder.directory, "lib"));
    },
    () => {
      rmSync(join(folder.directory, "lib"));
      symlinkSync("two", join(folder.directory, "lib"));
    },
  ],
  [
    "a file imported by a pattern",
    "./names.ts",
    () => {
      write("names/a.js", requirable("one"));
      write(
        "names.ts",
        "const all = ['b', 'a'].map((x) => { try { return require('./names/' + x + '.js').name; } catch {} }); export const name = all.find((x) => x);",
      );
    },
    () => write("names/b.js", requirable("two")),
  ],
  ...["?x=1", "#x"].map((suffix): (typeof CHANGES)[number] => [
    `a file that is imported as ./name.ts${suffix}`,
    `./name.ts${suffix}`,
    () => write("name.ts", exporting("one")),
    () => write("name.ts", exporting("two")),
  ]),
  [
    "a file of data that is imported with a query",
    "./name.json?raw",
    () => write("name.json", { name: "one" }),
    () => write("name.json", { name: "two" }),
  ],
  [
    "a file of another extension that imports of package.json lead to",
    "#name",
    () => {
      write("package.json", { imports: { "#name": "./name.mjs" } });
      write("name.mts", exporting("one"));
    },
    () => write("name.mjs", exporting("two")),
  ],
  [
    "the package.json of a package that is extended",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      for (const name of ["one", "two"]) {
        const compilerOptions = { paths: { "#lib/*": [`../../${name}/*`] } };
        write(`node_modules/base/${name}.json`, { compilerOptions });
      }
      write("node_modules/base/tsconfig.json", {});
      write("node_modules/base/package.json", { tsconfig: "one.json" });
      write("tsconfig.json", { extends: "base" });
    },
    () => write("node_modules/base/package.json", { tsconfig: "two.json" }),
  ],
  [
    "the configuration that a package.json names, which is extended",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      const compilerOptions = { paths: { "#lib/*": ["../../one/*"] } };
      write("node_modules/base/real.json", { compilerOptions });
      write("node_modules/base/strict.json", {});
      write("node_modules/base/package.json", { exports: { "./strict.json": "./real.json" } });
      write("tsconfig.json", { extends: "base/strict.json" });
    },
    () => {
      const compilerOptions = { paths: { "#lib/*": ["../../two/*"] } };
      write("node_modules/base/real.json", { compilerOptions });
    },
  ],
  [
    "a package.json that appears in a package that is extended",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      for (const [file, name] of Object.entries({ "tsconfig.json": "one", "other.json": "two" })) {
        const compilerOptions = { paths: { "#lib/*": [`../../${name}/*`] } };
        write(`node_modules/base/${file}`, { compilerOptions });
      }
      write("tsconfig.json", { extends: "base" });
    },
    () => write("node_modules/base/package.json", { tsconfig: "./other.json" }),
  ],
  [
    "a configuration without an extension that is extended",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      write("two/name.ts", exporting("two"));
      write("base", { compilerOptions: { paths: { "#lib/*": ["./one/*"] } } });
      write("base.json", {});
      write("tsconfig.json", { extends: "./base" });
    },
    () => write("base", { compilerOptions: { paths: { "#lib/*": ["./two/*"] } } }),
  ],
  ...[
    ["config/base.json", "tsconfig.json", ""],
    ["tsconfig.json", "config/base.json", "config/"],
  ].map(([pathsIn = "", baseIn = "", folder = ""]): (typeof CHANGES)[number] => [
    `a file that paths in ${pathsIn} name first, relative to baseUrl in ${baseIn}`,
    "#lib/name",
    () => {
      write(`${folder}one/name.ts`, exporting("one"));
      const settings: Record<string, object> = { "config/base.json": {}, "tsconfig.json": {} };
      settings[pathsIn] = { paths: { "#lib/*": ["./two/*", "./one/*"] } };
      settings[baseIn] = { baseUrl: "." };
      write("config/base.json", { compilerOptions: settings["config/base.json"] });
      const own = { compilerOptions: settings["tsconfig.json"] };
      write("tsconfig.json", { extends: "./config/base.json", ...own });
    },
    () => write(`${folder}two/name.ts`, exporting("two")),
  ]),
  [
    "a file that paths name first for an absolute path",
    "/virtual/name",
    () => {
      write("one/name.ts", exporting("one"));
      const paths = { "/virtual/*": ["./two/*", "./one/*"] };
      write("tsconfig.json", { compilerOptions: { paths } });
    },
    () => write("two/name.ts", exporting("two")),
  ],
  ...["#name", "#name/index.js"].map((specifier): (typeof CHANGES)[number] => [
    `the link to a package that imports of package.json lead ${specifier} to`,
    specifier,
    () => {
      const conditions = { node: ["dep"], default: "./none.js" };
      write("package.json", { imports: { "#name": conditions, "#name/*": "dep/*" } });
      for (const name of ["one", "two"]) {
        write(`node_modules/.pnpm/dep@${name}/dep/index.js`, requirable(name));
      }
      symlinkSync(".pnpm/dep@one/dep", join(folder.directory, "node_modules/dep"));
    },
    () => {
      rmSync(join(folder.directory, "node_modules/dep"));
      symlinkSync(".pnpm/dep@two/dep", join(folder.directory, "node_modules/dep"));
    },
  ]),
  [
    "a file that paths of an extended configuration name first, relative to the one that extends it",
    "#lib/name",
    () => {
      write("one/name.ts", exporting("one"));
      const targets = ["two", "one"].map((name) => `\${configDir}/${name}/*`);
      write("config/base.json", { compilerOptions: { paths: { "#lib/*": targets } } });
      write("tsconfig.json", { extends: "./config/base.json" });
    },
    () => write("two/name.ts", exporting("two")),
  ],
];

/** Makes the link `cur` in a folder lead to one of two folders, which have a module each. */
function linkTo(version: "one" | "two", home: string, file: string): void {
  for (const name of ["one", "two"]) write(join(home, name, file), exporting(name));
  const link = join(folder.directory, home, "cur");
  rmSync(link, { force: true });
  symlinkSync(version, link);
}

/** A link behind what a package.json says: the import, the package.json, and the folder that has the link. */
const LINKED: ReadonlyArray<[string, string, Readonly<Record<string, object>>, string]> = [
  ["exports", "dep", { "node_modules/dep/package.json": { exports: "./cur/i.mjs" } }, ""],
  [
    "a condition in exports",
    "dep",
    {
      "node_modules/dep/package.json": {
        exports: { ".": [{ node: { import: "./cur/i.mjs" } }, "./one/i.mjs"] },
      },
    },
    "",
  ],
  [
    "a pattern in exports",
    "dep/sub/i",
    { "node_modules/dep/package.json": { exports: { "./sub/*": "./cur/*.mjs" } } },
    "",
  ],
  [
    "a pattern in exports with two stars in its target",
    "dep/i",
    { "node_modules/dep/package.json": { exports: { "./*": "./cur/*.mjs", "./x": null } } },
    "",
  ],
  ["the main folder", "dep", { "node_modules/dep/package.json": { main: "cur" } }, "index.js"],
  ["imports", "#n", { "package.json": { imports: { "#n": "./cur/i.mjs" } } }, "."],
  ["a pattern in imports", "#n/i", { "package.json": { imports: { "#n/*": "./cur/*.mjs" } } }, "."],
  [
    "imports that lead into a package",
    "#n/i.mjs",
    { "package.json": { imports: { "#n/*": "dep/cur/*" } }, "node_modules/dep/package.json": {} },
    "",
  ],
  [
    "imports that lead to exports of a package",
    "#n",
    {
      "package.json": { imports: { "#n": "dep/x" } },
      "node_modules/dep/package.json": { exports: { "./x": "./cur/i.mjs" } },
    },
    "",
  ],
  [
    "its own name",
    "me/i",
    { "package.json": { name: "me", exports: { "./*": "./cur/*.mjs" } } },
    ".",
  ],
  [
    "imports that lead to its own name",
    "#n",
    {
      "package.json": {
        name: "me",
        imports: { "#n": "me/i" },
        exports: { "./i": { node: "./cur/i.mjs" } },
      },
    },
    ".",
  ],
  ["a package without exports", "dep/cur/i.mjs", { "node_modules/dep/package.json": {} }, ""],
];

/** Imports of what is not there at first: what the app has for them, and what appears then. */
const OPTIONAL: ReadonlyArray<[string, Readonly<Record<string, string | object>>]> = [
  ["import('./local.js')", { "local.js": exporting("two") }],
  ["import('./local.js')", { "local.ts": exporting("two") }],
  ["require('./local.js')", { "local.ts": exporting("two") }],
  ["require('./d/index.js')", { "d/index.ts": exporting("two") }],
  ["import('./d/local')", { "d/local.ts": exporting("two") }],
  ["import('./m.mjs')", { "m.mts": exporting("two") }],
  ["import('#x')", { "x.js": exporting("two") }],
  ["import('self/x')", { "x.js": exporting("two") }],
  ["import('dep/x')", { "node_modules/dep/lib/x.js": exporting("two") }],
];

describe("compiledFrom", () => {
  for (const [what, specifier, before, after] of CHANGES) {
    it(`F47: compiles anew what was compiled when it is another: ${what}`, async () => {
      importFrom(specifier);
      before();
      expect(await exported()).toBe("one");
      after();
      expect(await exported()).toBe("two");
    });
  }

  for (const [what, specifier, manifests, place] of LINKED) {
    it(`F47: compiles anew, and only then, when a link behind ${what} leads elsewhere`, async () => {
      importFrom(specifier);
      for (const [name, contents] of Object.entries(manifests)) write(name, contents);
      const home = place === "." ? "." : "node_modules/dep";
      const file = place.startsWith("index") ? place : "i.mjs";
      if (place.startsWith("index"))
        write("node_modules/dep/package.json", { main: "cur", type: "module" });
      linkTo("one", home, file);
      expect(await exported()).toBe("one");
      expect(await isCached()).toBe(true);
      linkTo("two", home, file);
      expect(await isCached()).toBe(false);
      expect(await exported()).toBe("two");
    });
  }

  it("F47: compiles anew when a file of a linked package of a workspace is another link", async () => {
    importFrom("dep");
    write("pk/package.json", { name: "dep", exports: { ".": { import: "./i.mts" } } });
    write("pk/one.mts", exporting("one"));
    write("pk/two.mts", exporting("two"));
    write("node_modules/.keep", "");
    symlinkSync("../pk", join(folder.directory, "node_modules/dep"));
    const link = join(folder.directory, "pk/i.mts");
    symlinkSync("one.mts", link);
    expect(await exported()).toBe("one");
    expect(await isCached()).toBe(true);
    rmSync(link);
    symlinkSync("two.mts", link);
    expect(await exported()).toBe("two");
  });

  it("F47: does not know what a bundle depends on that has a module found in another way", () => {
    const app = write("app.ts", "");
    write("other.ts", "");
    const known = (original: string) => {
      const imported = { path: "other.ts", kind: "import-statement" as const, original };
      const inputs = {
        "app.ts": { bytes: 0, imports: [imported] },
        "other.ts": { bytes: 0, imports: [] },
      };
      return compiledFrom(app, { metafile: { inputs, outputs: {} }, missing: [] }, String);
    };
    for (const found of ["./other", "./other.ts", "./other.js"]) expect(known(found)).toBeDefined();
    for (const other of ["dep", "#dep", "./another"]) expect(known(other)).toBeUndefined();
  });

  it("F47: need not follow NODE_PATH, by which the bundler finds no package", async () => {
    vi.stubEnv("NODE_PATH", join(folder.directory, "first"));
    onTestFinished(() => void vi.unstubAllEnvs());
    importFrom("dep");
    write("first/dep/index.js", requirable("one"));
    await expect(exported()).rejects.toMatchObject({ code: "APP_NOT_COMPILED" });
  });

  for (const [optional, files] of OPTIONAL) {
    it(`F47: compiles anew when ${Object.keys(files)} appears, for ${optional}`, async () => {
      write("package.json", {
        name: "self",
        imports: { "#x": "./x.js" },
        exports: { "./x": "./x.js" },
      });
      write("node_modules/dep/package.json", { exports: { "./*": "./lib/*.js" } });
      write(
        "app.ts",
        `let value = "one"; try { value = (await ${optional}).name; } catch {} export { value };`,
      );
      expect(await exported()).toBe("one");
      for (const [name, contents] of Object.entries(files)) write(name, contents);
      expect(await exported()).toBe("two");
    });
  }
});
