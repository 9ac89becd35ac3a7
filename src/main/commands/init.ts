import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { packageVersion, readAsset } from "../../mr/base/assets.ts";
import { describeCause, MrError, UsageError } from "../../mr/base/errors.ts";
import { lstatIfThere } from "../../mr/base/file-status.ts";
import { printResult } from "../print-result.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr init word-count               makes word-count.ts and word-count.test.ts

Makes a package.json and a tsconfig.json, too, where there are none. Never replaces a file.`;

const NAME = /^[A-Za-z][\w-]*$/;

export function define(command: Command): Action {
  command
    .description("Make an app to start from, with its test, in the current folder.")
    .argument("<name>", "name of the app: letters, digits, - and _")
    .addHelpText("after", HELP);
  return async (given: string) => {
    const name = given.replace(/\.ts$/, "");
    if (!NAME.test(name)) {
      throw new UsageError(
        `"${given}" is no name for an app: it must begin with a letter, and have letters, digits, - and _ only`,
      );
    }
    init(name, process.cwd());
    return 0;
  };
}

function init(name: string, directory: string): void {
  // A dangling link counts as a file: nothing can be made in its place.
  const isMissing = (file: string) => {
    return lstatIfThere(join(directory, file)) === undefined;
  };
  const isNewPackage = isMissing("package.json");
  const folder = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-");
  const values: Record<string, string> = {
    NAME: name,
    FOLDER: folder.replace(/^-+|-+$/g, "") || "app",
    VERSION: packageVersion(),
  };
  const template = (file: string) => {
    const text = readAsset(`main/scaffold/${file}.txt`).toString();
    return text.replaceAll(/NAME|FOLDER|VERSION/g, (word) => values[word] ?? word);
  };
  const files: Record<string, string> = {
    [`${name}.ts`]: template("app"),
    [`${name}.test.ts`]: template("app-test"),
  };
  if (isNewPackage) files["package.json"] = template("package");
  if (isMissing("tsconfig.json")) files["tsconfig.json"] = template("project");
  // All or nothing: some of the files would be in the way of the next try.
  const taken = Object.keys(files).find((file) => !isMissing(file));
  if (taken !== undefined) {
    throw new MrError(
      "OUTPUT_EXISTS",
      `Cannot make app "${name}": "${taken}" exists already, and is not replaced`,
    );
  }
  writeAll(files, directory);
  for (const file of Object.keys(files)) printResult(`${file}\n`);
  const steps = [
    ...(isNewPackage ? ["npm install"] : missingSteps(directory)),
    `node --import tsx --test ${name}.test.ts`,
    `npx tsmr run ./${name}.ts FILE… --top 10`,
  ];
  process.stderr.write(`\nNext:\n${steps.map((step) => `  ${step}\n`).join("")}`);
}

function writeAll(files: Readonly<Record<string, string>>, directory: string): void {
  const written: string[] = [];
  for (const [file, text] of Object.entries(files)) {
    const path = join(directory, file);
    try {
      writeFileSync(path, text, { flag: "wx" });
    } catch (error) {
      for (const other of written) rmSync(other, { force: true });
      throw new MrError("OUTPUT_UNWRITABLE", `Cannot write "${path}": ${describeCause(error)}`);
    }
    written.push(path);
  }
}

/** The steps that an existing package still needs for the app and its test to run. */
function missingSteps(directory: string): string[] {
  /** The members of a package.json that matter here. */
  let manifest: Partial<Record<"dependencies" | "devDependencies", object>> & { type?: string };
  try {
    manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) ?? {};
  } catch {
    // npm reports the problem.
    manifest = {};
  }
  const { type, dependencies = {}, devDependencies = {} } = manifest;
  const has = (name: string) => name in dependencies || name in devDependencies;
  const steps: string[] = [];
  if (!has("tsmr")) steps.push("npm install tsmr");
  const tools = ["tsx", "typescript", "@types/node"].filter((tool) => !has(tool));
  if (tools.length > 0) steps.push(`npm install --save-dev ${tools.join(" ")}`);
  // Without it, Node and TypeScript do not take the app for an ES module.
  if (type !== "module") steps.push("npm pkg set type=module");
  return steps;
}
