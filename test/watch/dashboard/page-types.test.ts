import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const PAGE = fileURLToPath(new URL("../../../src/mr/watch/dashboard/page/", import.meta.url));

it("the page's scripts, which nothing compiles, have the types that they say", () => {
  const { config } = ts.readConfigFile(`${PAGE}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, PAGE);
  expect(errors).toEqual([]);
  expect(fileNames.length).toBeGreaterThan(5);
  const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options));
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => PAGE,
    getNewLine: () => "\n",
  };
  expect(ts.formatDiagnostics(found, host)).toBe("");
});
