/**
 * Packs the package as it would be published, installs it into an empty project, and checks the files and their
 * size. `tmp/tsmr.tgz` stays for other tools.
 *
 *     npm run check:package
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fastGlob from "fast-glob";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Everything that may be published; tests, scripts and source maps may not. */
const PUBLISHED = [
  /^(package\.json|LICENSE|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING)\.md)$/,
  /^docs\/(images\/)?[\w-]+\.(md|svg|png)$/,
  // Sources that the documents refer to.
  /^src\/[\w/-]+\.(ts|js|mjs|wasm|html|css|svg|ttf)$/,
  /^(src|dist)\/main\/(completion\/tsmr\.(bash|zsh)|scaffold\/[\w-]+\.txt)$/,
  /^src\/mr\/watch\/report\/fonts\/LICENSE$/,
  /^dist\/NOTICES\.txt$/,
  /^dist\/main\/[\w-]+\.js$/,
  /^dist\/mr\/chunks\/[\w-]+\.js$/,
  /^dist\/mr\/[\w/-]+\.(js|cjs|d\.ts|wasm|html|css|svg)$/,
  /^dist\/mr\/watch\/report\/fonts\/(LICENSE|[\w-]+\.ttf)$/,
  /^dist\/mrapps\/[\w/-]+\.(js|ts)$/,
];
/** The limit for all run-time dependencies except the compiler, which takes most of the space. */
const MAX_INSTALLED_MB = 15;
const COMPILER = /node_modules\/(@esbuild|esbuild)\//;

const directory = mkdtempSync(join(tmpdir(), "tsmr-package-"));
try {
  const installed = install(pack());
  checkContents(join(installed, "tsmr"));
  checkSize(installed);
} finally {
  rmSync(directory, { recursive: true });
}

/** Builds and packs. @returns the path of the tarball */
function pack(): string {
  const printed = npm(["pack", "--silent", "--pack-destination", directory], ROOT);
  const name = printed.trim().split("\n").at(-1) ?? "";
  const tarball = join(ROOT, "tmp/tsmr.tgz");
  mkdirSync(dirname(tarball), { recursive: true });
  cpSync(join(directory, name), tarball);
  return tarball;
}

/** Installs the tarball into an empty project. @returns the path of its `node_modules` */
function install(tarball: string): string {
  const project = join(directory, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  npm(["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", tarball], project);
  return join(project, "node_modules");
}

function checkContents(installed: string): void {
  const files = fastGlob.sync("**/*", { cwd: installed, dot: true });
  const wrong = files.filter((file) => !PUBLISHED.some((pattern) => pattern.test(file)));
  if (wrong.length > 0) throw new Error(`These would be published as well: ${wrong.join(", ")}`);
  for (const file of files) {
    const text = readFileSync(join(installed, file), "latin1");
    for (const path of [ROOT, homedir(), "\n//# sourceMappingURL="]) {
      // A home directory of "/" would be found in every file.
      if (path.length > 1 && text.includes(path)) throw new Error(`${file} contains "${path}"`);
    }
  }
  for (const page of files.filter((file) => file.endsWith(".md"))) checkLinks(installed, page);
  process.stdout.write(`${files.length} files in the package\n`);
}

/** Checks that each file that a document links to is in the package. */
function checkLinks(installed: string, page: string): void {
  const text = readFileSync(join(installed, page), "utf8");
  for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)/g)) {
    if (/^\w+:/.test(target) || existsSync(join(installed, dirname(page), target))) continue;
    throw new Error(`${page} links to "${target}", which is not in the package`);
  }
}

function checkSize(installed: string): void {
  let bytes = 0;
  for (const file of readdirSync(installed, { recursive: true, encoding: "utf8" })) {
    const path = join(installed, file);
    if (!COMPILER.test(`${path}/`)) bytes += lstatSync(path).size;
  }
  const megabytes = bytes / 1e6;
  process.stdout.write(`${megabytes.toFixed(1)} MB installed, besides esbuild\n`);
  if (megabytes < MAX_INSTALLED_MB) return;
  throw new Error(`The package and its dependencies take ${MAX_INSTALLED_MB} MB or more`);
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
