import { packageVersion } from "../mr/base/assets.ts";

/** Texts of files, by their names. */
type Files = Record<string, string>;

/** An app to start from, and its test. */
export function scaffoldApp(name: string): Files {
  return { [`${name}.ts`]: appText(name), [`${name}.test.ts`]: testText(name) };
}

/** The files that make a folder a package in which apps are written and tested. */
export function scaffoldPackage(folder: string): Files {
  const manifest = {
    name:
      folder
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, "-")
        .replace(/^-+|-+$/g, "") || "app",
    private: true,
    type: "module",
    scripts: { test: "node --import tsx --test *.test.ts", check: "tsc" },
    dependencies: { tsmr: `^${packageVersion()}` },
    devDependencies: { "@types/node": "^20.19.0", tsx: "^4.20.0", typescript: ">=5.9" },
  };
  const settings = {
    compilerOptions: {
      target: "es2023",
      module: "nodenext",
      types: ["node"],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    },
  };
  return { "package.json": json(manifest), "tsconfig.json": json(settings) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function appText(name: string): string {
  return `// How often each word occurs.
//
//     npx tsmr run ./${name}.ts 'books/*.txt' --top 10

import { defineApp, lines, sum, words } from "tsmr";

export default defineApp({
  input: lines(),

  // Called once per line. What is emitted under one key comes to one call of reduce.
  map(line, emit) {
    for (const word of words(line)) emit(word, 1);
  },

  // Adds up early, so that less has to be sorted. May be left out.
  combine: sum,

  // Called once per word, in the order of their bytes. What it returns is the line's value.
  reduce: (word, counts) => sum.of(counts),
});
`;
}

function testText(name: string): string {
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { runMap, runSequential } from "tsmr/testing";
// It is ${name}.ts: so named, TypeScript finds it with any settings.
import app from "./${name}.js";

test("a line gives a pair for each of its words", async () => {
  const { pairs } = await runMap(app, "the cat, the dog");
  assert.deepEqual(
    pairs.map(([word]) => word),
    ["the", "cat", "the", "dog"],
  );
});

test("a job counts the words of all its inputs", async () => {
  const { lines } = await runSequential(app, { "a.txt": "the cat", "b.txt": "the dog" });
  assert.deepEqual(lines, ["cat 1", "dog 1", "the 2"]);
});
`;
}
