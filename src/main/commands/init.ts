import { existsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { describeCause, MrError, UsageError } from "../../mr/errors.ts";
import { scaffoldApp, scaffoldPackage } from "../scaffold.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr init word-lengths             makes word-lengths.ts and word-lengths.test.ts

Makes a package.json and a tsconfig.json, too, if there is no package.json. Never replaces a file.`;

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
  const isNewPackage = !existsSync(join(directory, "package.json"));
  const files: Record<string, string> = {
    ...scaffoldApp(name),
    ...(isNewPackage ? scaffoldPackage(basename(directory)) : {}),
  };
  // All or nothing: half of it would be in the way of the next try.
  const taken = Object.keys(files).find((file) => existsSync(join(directory, file)));
  if (taken !== undefined) {
    throw new MrError(`Cannot make app "${name}": "${taken}" exists already, and is not replaced`);
  }
  for (const [file, text] of Object.entries(files)) {
    try {
      writeFileSync(join(directory, file), text, { flag: "wx" });
    } catch (error) {
      throw new MrError(`Cannot write "${join(directory, file)}": ${describeCause(error)}`);
    }
    process.stdout.write(`${file}\n`);
  }
  const install = isNewPackage ? "npm install" : "npm install tsmr && npm install --save-dev tsx";
  process.stderr.write(
    `\nNext:\n  ${install}\n  node --import tsx --test ${name}.test.ts\n  npx tsmr run ./${name}.ts FILE… --top 10\n`,
  );
}
