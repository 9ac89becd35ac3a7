import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Many tests wait for other processes, so a busy machine must not make them fail.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Listening on a socket sets the process's umask, which a worker thread may not do.
    pool: "forks",
    // They wait more than they compute.
    maxWorkers: 2,
  },
});
