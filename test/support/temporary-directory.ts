import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const directories: string[] = [];

// Registered for the test file that imports this module; hooks that it declares itself run before.
afterAll(() => {
  // A process that is still ending may write there meanwhile.
  for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 10 });
});

/**
 * Makes an empty directory, which is removed after the last test of the file.
 *
 * @returns its absolute path, without symbolic links
 */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "tsmr-test-")));
  directories.push(directory);
  return directory;
}
