/**
 * Makes `dist`, what the package publishes: type declarations by the compiler, and JavaScript by the
 * bundler. Bundled, because a job starts several processes and each pays for every file it loads: in
 * pieces, a worker takes three times as long to load.
 *
 *     npm run build
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import fastGlob from "fast-glob";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

rmSync(`${ROOT}dist`, { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], {
  cwd: ROOT,
  stdio: "inherit",
});
await build({
  absWorkingDir: ROOT,
  entryPoints: [
    "src/mr/index.ts",
    "src/mr/worker/worker-process.ts",
    "src/mr/worker/heartbeat-thread.mjs",
    ...fastGlob.sync(["src/main/{mr*,tsmr}.ts", "src/mrapps/*.ts"], { cwd: ROOT }),
  ],
  outbase: "src",
  outdir: "dist",
  // Two folders deep, like the sources: files that are found relative to a module stay where they are.
  chunkNames: "mr/chunks/[name]-[hash]",
  outExtension: { ".js": ".js" },
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
});
copyFileSync(
  `${ROOT}dist/mr/worker/heartbeat-thread.js`,
  `${ROOT}dist/mr/worker/heartbeat-thread.mjs`,
);
rmSync(`${ROOT}dist/mr/worker/heartbeat-thread.js`);
copyFileSync(`${ROOT}src/mr/kernel/kernel.wasm`, `${ROOT}dist/mr/kernel/kernel.wasm`);
cpSync(`${ROOT}src/mr/report/fonts`, `${ROOT}dist/mr/report/fonts`, { recursive: true });
