import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClassicApp, Emit } from "../../../src/mr/app/contract/contract.ts";
import { defineApp } from "../../../src/mr/app/contract/define-app.ts";
import { decodeUtf8 } from "../../../src/mr/base/utf8.ts";
import { lines } from "../../../src/mr/data/input/lines.ts";
import { runApp } from "../../../src/mr/engines/sequential/run-app.ts";
import { statInput } from "../../../src/mr/storage/registry.ts";
import { runMap } from "../../../src/mr/testing/run-map.ts";
import { mrError } from "../../support/mr-error.ts";
import { runOracle } from "../../support/oracle.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** The lines of the output, one a key. */
async function linesOf(app: ClassicApp, files: readonly string[], inputDirectory = "/") {
  const inputs = await Promise.all(files.map((url) => statInput(url, inputDirectory)));
  const { outputs } = await runApp(app, {
    inputs,
    inputDirectory,
    reduces: 1,
    skipBadRecords: false,
  });
  return outputs.flat().map((line) => decodeUtf8(line));
}

/** Emits each line as a key, with the file and the number of the line as its value. */
const lineApp: ClassicApp = {
  map: (file, contents) =>
    contents.split("\n").map((line, index) => ({ key: line, value: `${file}:${index}` })),
  reduce: (_line, places) => places.join(","),
};

function directoryWith(files: Record<string, string | Uint8Array>): string {
  const dir = temporaryDirectory();
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(dir, name), contents);
  return dir;
}

/** An app that emits these keys, whatever it reads. */
function emitting(keys: readonly string[]): ClassicApp {
  return {
    map: () => keys.map((key) => ({ key, value: "1" })),
    reduce: (_key, values) => String(values.length),
  };
}

async function keysInOrder(keys: readonly string[]): Promise<string[]> {
  const lines = await linesOf(emitting(keys), ["a.txt"], directoryWith({ "a.txt": "" }));
  return lines.map((line) => line.replace(/ 1\n$/, ""));
}

describe("the order of keys", () => {
  it("is that of their UTF-8 bytes, so U+FF5E comes before U+1F600", async () => {
    expect(await keysInOrder(["\u{1F600}", "\uFF5E", "é", "z", "Z", ""])).toEqual([
      "",
      "Z",
      "z",
      "é",
      "\uFF5E",
      "\u{1F600}",
    ]);
  });

  it("puts lone surrogates where their code points are, and keeps them apart", async () => {
    expect(await keysInOrder(["\uE000", "\uD801", "\uD7FF", "\uD800", "\u{1F600}"])).toEqual([
      "\uD7FF",
      "\uD800",
      "\uD801",
      "\uE000",
      "\u{1F600}",
    ]);
  });

  it("is that of their code points, for any strings", async () => {
    const codePoints = (key: string) => Array.from(key, (symbol) => symbol.codePointAt(0) ?? 0);
    const dir = directoryWith({ empty: "" });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string({ unit: "binary" })), async (keys) => {
        const lines = await linesOf(emitting(keys), ["empty"], dir);
        const found = lines.map((line) => codePoints(line.slice(0, -" 1\n".length)));
        for (const [index, key] of found.entries()) {
          const next = found[index + 1];
          if (next === undefined) break;
          const differsAt = key.findIndex((point, at) => point !== next[at]);
          const isBefore = differsAt === -1 || (key[differsAt] ?? 0) < (next[differsAt] ?? -1);
          expect(isBefore).toBe(true);
        }
        expect(found).toHaveLength(keys.length);
      }),
    );
  });
});

describe("grouping", () => {
  it("keeps values in the order of the inputs, and within one in the order of emission", async () => {
    const dir = directoryWith({ b: "x\ny\nx", a: "x" });
    expect(await linesOf(lineApp, ["b", "a"], dir)).toEqual(["x b:0,b:2,a:0\n", "y b:1\n"]);
  });

  it("takes names of Object.prototype for ordinary keys", async () => {
    const keys = ["__proto__", "constructor", "hasOwnProperty", "toString"];
    expect(await keysInOrder(keys)).toEqual(keys);
  });

  it("reads a file twice that is given twice", async () => {
    const dir = directoryWith({ a: "x" });
    expect(await linesOf(lineApp, ["a", "a"], dir)).toEqual(["x a:0,a:0\n"]);
  });
});

describe("values of an app in the record form", () => {
  const REFUSED: [name: string, value: unknown][] = [
    ["NaN", Number.NaN],
    ["Infinity in an array", [1, Number.POSITIVE_INFINITY]],
    ["a Date", new Date(0)],
    ["a Map", { of: new Map() }],
    ["undefined", { a: undefined }],
    ["a BigInt", 1n],
  ];

  it.each(REFUSED)("F23 are refused where a parallel run refuses them: %s", async (_, value) => {
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<unknown>) => emit(line, value as string),
      reduce: () => 1,
    });
    const dir = directoryWith({ a: "x\n" });
    await expect(runOracle(app, ["a"], dir)).rejects.toThrow(
      mrError("APP_THREW", "JSON can't carry"),
    );
    await expect(runMap(app, "x\n")).rejects.toThrow("JSON can't carry");
  });
});

it.each([
  ["number NaN", Number.NaN],
  ["undefined undefined", undefined],
  ["an object", null],
  ["symbol Symbol(x)", Symbol("x")],
])("F23 a key that is %s is refused as in a parallel run", async (name, key) => {
  const app = defineApp({
    input: lines(),
    map: (_line, emit: Emit<number>) => emit(key as unknown as string, 1),
    reduce: () => 1,
  });
  const dir = directoryWith({ a: "x\n" });
  await expect(runOracle(app, ["a"], dir)).rejects.toThrow(
    mrError("APP_THREW", `the key is ${name},`),
  );
});

describe("inputs", () => {
  it("may be empty: map still sees them", async () => {
    const dir = directoryWith({ empty: "" });
    expect(await linesOf(lineApp, ["empty"], dir)).toEqual([" empty:0\n"]);
  });

  it("reach map whole: byte order mark, CRLF and NUL included", async () => {
    const contents = "\uFEFFa\r\nb\0\r\n";
    let seen: string | undefined;
    const app: ClassicApp = {
      map: (_file, text) => {
        seen = text;
        return [];
      },
      reduce: () => "",
    };
    expect(await linesOf(app, ["a"], directoryWith({ a: contents }))).toEqual([]);
    expect(seen).toBe(contents);
  });

  it("show bytes that are not UTF-8 as U+FFFD", async () => {
    const dir = directoryWith({ a: Uint8Array.of(0x61, 0xff, 0x62) });
    expect(await linesOf(lineApp, ["a"], dir)).toEqual(["a\uFFFDb a:0\n"]);
  });

  it("that are compressed reach map as what they hold, as they do in a parallel run", async () => {
    const text = Buffer.from("ü\nb");
    const members = Buffer.concat([gzipSync(text), gzipSync("\nc")]);
    const dir = directoryWith({ "a.gz": members, "b.txt.gz": gzipSync("") });
    const lines = await linesOf(lineApp, ["a.gz", "b.txt.gz"], dir);
    expect(lines).toEqual([" b.txt.gz:0\n", "b a.gz:1\n", "c a.gz:2\n", "ü a.gz:0\n"]);
    const broken = directoryWith({ "a.gz": "no gzip" });
    await expect(linesOf(lineApp, ["a.gz"], broken)).rejects.toThrow(
      mrError("INPUT_MALFORMED", '"a.gz"', "incorrect header check"),
    );
  });

  it("that cannot be read are an error that names them and says why", async () => {
    const dir = directoryWith({});
    mkdirSync(join(dir, "folder"));
    await expect(linesOf(lineApp, ["nowhere.txt"], dir)).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: 'Cannot read input "nowhere.txt": no such file or directory (ENOENT)',
    });
    await expect(linesOf(lineApp, ["folder"], dir)).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      message: 'Cannot read input "folder": it is a directory',
    });
  });
});

describe("an app", () => {
  it("may hand its pairs over later, one by one, or both", async () => {
    const dir = directoryWith({ a: "" });
    const pairs = [
      { key: "k", value: "1" },
      { key: "k", value: "2" },
    ];
    const maps: ClassicApp["map"][] = [
      () => pairs,
      () => new Set(pairs),
      async () => pairs,
      function* () {
        yield* pairs;
      },
      async function* () {
        yield* pairs;
      },
    ];
    for (const map of maps) {
      const app: ClassicApp = { map, reduce: async (_key, values) => values.join("+") };
      expect(await linesOf(app, ["a"], dir)).toEqual(["k 1+2\n"]);
    }
  });

  it("that throws in map is an error that names the input, with what it threw as the cause", async () => {
    const thrown = new RangeError("boom");
    const app: ClassicApp = {
      ...lineApp,
      map: () => {
        throw thrown;
      },
    };
    const job = linesOf(app, ["a"], directoryWith({ a: "" }));
    await expect(job).rejects.toThrow(mrError("APP_THREW", 'map failed on input "a": boom'));
    await expect(job).rejects.toMatchObject({ cause: thrown });
  });

  it("that throws in reduce is an error that names the key", async () => {
    const app: ClassicApp = { ...lineApp, reduce: () => Promise.reject(new Error("boom")) };
    await expect(linesOf(app, ["a"], directoryWith({ a: "k" }))).rejects.toThrow(
      mrError("APP_THREW", 'reduce failed on key "k": boom'),
    );
  });

  it("that emits or returns something other than strings is an error, not `undefined` in the output", async () => {
    const dir = directoryWith({ a: "k" });
    const wrong = (app: object) => ({ ...lineApp, ...app }) as unknown as ClassicApp;
    const emits = (pair: unknown) => wrong({ map: () => [pair] });
    for (const pair of [
      { key: "k" },
      { value: "v" },
      { key: 1, value: "v" },
      { key: "k", value: 1 },
    ]) {
      await expect(linesOf(emits(pair), ["a"], dir)).rejects.toThrow(
        mrError("APP_THREW", "must be strings"),
      );
    }
    await expect(linesOf(emits(undefined), ["a"], dir)).rejects.toThrow(
      mrError("APP_THREW", "map failed"),
    );
    await expect(linesOf(wrong({ map: () => undefined }), ["a"], dir)).rejects.toThrow(
      mrError("APP_THREW", "map failed"),
    );
    await expect(linesOf(wrong({ reduce: () => 1 }), ["a"], dir)).rejects.toThrow(
      mrError("APP_THREW", "must be a string"),
    );
  });
});
