import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type * as planned from "../../../src/mr/data/input/planned-file.ts";
import { readText } from "../../../src/mr/engines/sequential/read-text.ts";
import { statInput } from "../../../src/mr/storage/registry.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** Called at the end of each read of an input. */
const hook = vi.hoisted(() => ({ afterRead: (_count: number): void => undefined }));

vi.mock("../../../src/mr/data/input/planned-file.ts", async (importOriginal) => {
  const original = await importOriginal<typeof planned>();
  const openPlanned: typeof planned.openPlanned = async (...args) => {
    const file = await original.openPlanned(...args);
    const read: typeof file.read = async (...part) => {
      const count = await file.read(...part);
      hook.afterRead(count);
      return count;
    };
    return { ...file, read };
  };
  return { ...original, openPlanned };
});

it("F45 refuses an input that changes after it was read to its end", async () => {
  const directory = temporaryDirectory();
  const path = join(directory, "a.txt");
  writeFileSync(path, "text");
  const input = await statInput("a.txt", directory);
  expect(await readText(input, directory)).toMatchObject({ text: "text" });
  let reads = 0;
  hook.afterRead = () => {
    reads += 1;
    // Another time, as if it had been written to.
    utimesSync(path, 1, reads);
  };
  await expect(readText(input, directory)).rejects.toThrow(
    mrError("INPUT_CHANGED", '"a.txt"') as Error,
  );
  expect(reads).toBeGreaterThan(0);
});
