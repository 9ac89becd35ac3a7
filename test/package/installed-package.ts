import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What of package.json the tests need. */
interface Manifest {
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The package as npm packs it, installed where a user would have it. Nothing is downloaded: what it
 * depends on is linked from this checkout, and only what package.json names.
 */
export class InstalledPackage {
  /** Absolute path, without symbolic links, of the folder that all is in. */
  readonly directory = temporaryDirectory();
  #tarball = "";

  /** Builds and packs it. */
  async pack(): Promise<void> {
    const staging = join(this.directory, "staging");
    const build = [join(ROOT, "scripts/build.ts"), "--out", join(staging, "dist")];
    await this.#succeed(join(ROOT, "node_modules/.bin/tsx"), build, ROOT);
    // What is left out, npm leaves out.
    const names = manifest.files.filter((name) => !name.startsWith("!"));
    for (const name of ["package.json", ...names]) {
      if (name !== "dist") cpSync(join(ROOT, name), join(staging, name), { recursive: true });
    }
    // The build above is the one that `prepack` would make.
    await this.#succeed("npm", ["pack", "--ignore-scripts", "--silent"], staging);
    this.#tarball = join(staging, readdirSync(staging).find((name) => name.endsWith(".tgz")) ?? "");
  }

  /**
   * Makes an empty project with the package installed in it.
   *
   * @param tools packages of this checkout that it has installed besides
   * @returns its absolute path
   */
  async project(name: string, tools: readonly string[] = []): Promise<string> {
    const project = this.folder(name);
    const modules = join(project, "node_modules");
    mkdirSync(join(modules, "tsmr"), { recursive: true });
    writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
    const unpack = ["-xzf", this.#tarball, "-C", join(modules, "tsmr"), "--strip-components=1"];
    await this.#succeed("tar", unpack, project);
    for (const dependency of [...Object.keys(manifest.dependencies), ...tools]) {
      mkdirSync(dirname(join(modules, dependency)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", dependency), join(modules, dependency));
    }
    mkdirSync(join(modules, ".bin"));
    for (const [command, file] of Object.entries(manifest.bin)) {
      symlinkSync(join("../tsmr", file), join(modules, ".bin", command));
    }
    return project;
  }

  /** Makes an empty folder, which has nothing installed. */
  folder(name: string): string {
    const folder = join(this.directory, name);
    mkdirSync(folder);
    return folder;
  }

  async #succeed(program: string, args: readonly string[], cwd: string): Promise<void> {
    const { code, stderr } = await run(program, args, cwd);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr}`);
  }
}

/** Runs a program to its end, with the Node that runs this as `node`. */
export function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
  // What the test runner tells its own processes is not for those of a user.
  const { NODE_ENV: _, NODE_OPTIONS: __, ...inherited } = process.env;
  return new Promise((resolve) => {
    const options = { cwd, env: { ...inherited, PATH: path }, maxBuffer: 1 << 26 };
    const child = execFile(program, args, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** All lines of the output files in a folder, in the order of C. */
export function outputLines(directory: string): string[] {
  const files = readdirSync(directory).filter((name) => /^mr-out-\d+$/.test(name));
  const lines = files.flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"));
  return lines.filter((line) => line !== "").sort((a, b) => (a < b ? -1 : 1));
}
