import { fileURLToPath } from "node:url";

/** The beginning of a command line: the program, then its first arguments. */
export type CommandLine = readonly [string, ...string[]];

/** Gives the command line of one of the project's commands, such as `mrworker`. */
export type Program = (name: "tsmr" | "mrcoordinator" | "mrworker" | "mrsequential") => CommandLine;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The commands as `npm run build` makes them, which start in a fraction of the time. */
export const builtProgram: Program = (name) => [process.execPath, `${ROOT}dist/main/${name}.js`];

/** The commands from their sources. */
export const sourceProgram: Program = (name) => [
  process.execPath,
  "--import",
  import.meta.resolve("tsx"),
  `${ROOT}src/main/${name}.ts`,
];
