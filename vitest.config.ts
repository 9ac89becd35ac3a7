import { defineConfig } from "vitest/config";

/** The parts of the tests, each with the patterns of its files. A test that no pattern names is a unit test. */
const PARTS = {
  /** Whole jobs in one process: in a simulated network, of generated inputs, of the shipped apps; long property tests. */
  simulation: [
    "test/data/task/*.test.ts",
    "test/mrapps/*.test.ts",
    "test/simulation/**/*.test.ts",
    "test/**/*.property.test.ts",
  ],
  /** Commands, workers and scripts as real processes. */
  process: [
    "test/docs/{examples,library}.test.ts",
    "test/engines/local/*.test.ts",
    "test/faults/*.test.ts",
    "test/kernel/build.test.ts",
    "test/main/*.test.ts",
    "test/scripts/**/*.test.ts",
  ],
  /** The pages, in Chromium. */
  browser: ["test/**/*browser.test.ts"],
  /** The package as npm packs and installs it. */
  package: ["test/package/*.test.ts"],
} as const;

const project = (name: string, include: readonly string[], exclude: readonly string[] = []) => ({
  extends: true as const,
  test: { name, include: [...include], exclude: [...exclude] },
});

export default defineConfig({
  test: {
    // Most of these tests wait for other processes, so a busy machine must not make them fail.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Listening on a socket sets the process's umask, which a worker thread may not do.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      project("unit", ["test/**/*.test.ts"], Object.values(PARTS).flat()),
      ...Object.entries(PARTS).map(([name, include]) => project(name, include)),
    ],
  },
});
