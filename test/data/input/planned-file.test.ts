// Tests src/mr/data/input/planned-file.ts: a file that is read is the one that was planned.

import { describe, expect, it } from "vitest";
import { openPlanned } from "../../../src/mr/data/input/planned-file.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import type { FileStat, Storage, StoredFile } from "../../../src/mr/storage/storage.ts";

const PLANNED = { file: "a.txt", size: 10, version: "1" };

/** A file of a storage that answers at once or later, as it is now. */
class File implements StoredFile {
  now: FileStat = { size: PLANNED.size, version: PLANNED.version };
  /** How many bytes can be read. */
  bytes = PLANNED.size;
  isClosed = false;
  readonly isLater: boolean;

  constructor(isLater: boolean) {
    this.isLater = isLater;
  }

  read(_target: Uint8Array, from: number, to: number, position: number): number | Promise<number> {
    const count = Math.max(0, Math.min(to - from, this.bytes - position));
    return this.isLater ? Promise.resolve(count) : count;
  }

  stat(): FileStat | Promise<FileStat> {
    return this.isLater ? Promise.resolve(this.now) : this.now;
  }

  close(): void {
    this.isClosed = true;
  }

  open(input: Parameters<typeof openPlanned>[2] = PLANNED) {
    const storage: Storage = { ...fileStorage, open: () => this };
    return openPlanned(() => storage, "/", input);
  }
}

const target = Buffer.alloc(100);
const changed = { code: "INPUT_CHANGED" };

describe.each([false, true])("an input whose storage answers later: %s", (isLater) => {
  it("F45 is read to the end that it had, and is still the same then", async () => {
    const file = await new File(isLater).open();
    expect(await file.read(target, 0, 100, 0)).toBe(10);
    expect(await file.read(target, 0, 100, 10)).toBe(0);
    await file.checkUnchanged();
  });

  it.each([{ size: 11 }, { size: 9 }, { version: "2" }])(
    "F45 is refused when it is opened, and closed, if it has changed: %o",
    async (now) => {
      const file = new File(isLater);
      file.now = { ...file.now, ...now };
      await expect(file.open()).rejects.toMatchObject(changed);
      expect(file.isClosed).toBe(true);
    },
  );

  it.each([{ size: 11 }, { size: 9 }, { version: "2" }])(
    "F45 is refused when it has been read if it has changed meanwhile: %o",
    async (now) => {
      const stored = new File(isLater);
      const file = await stored.open();
      stored.now = { ...stored.now, ...now };
      await expect(file.checkUnchanged()).rejects.toMatchObject(changed);
    },
  );

  it("F45 has no end before the one that it had, and no byte behind it", async () => {
    const stored = new File(isLater);
    const file = await stored.open();
    const read = async (position: number) => file.read(target, 0, 100, position);
    stored.bytes = 7;
    expect(await read(0)).toBe(7);
    // Its size and its version are as before.
    await expect(read(7)).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
    stored.now = { size: 7, version: "1" };
    await expect(read(7)).rejects.toMatchObject(changed);
    stored.bytes = 11;
    await expect(read(7)).rejects.toMatchObject(changed);
    await expect(read(10)).rejects.toMatchObject(changed);
  });

  it("is read as it is if nothing is known of it", async () => {
    const stored = new File(isLater);
    const file = await stored.open({ file: "a.txt" });
    stored.now = { size: 3, version: "2" };
    stored.bytes = 3;
    expect(await file.read(target, 0, 100, 0)).toBe(3);
    expect(await file.read(target, 0, 100, 3)).toBe(0);
    await file.checkUnchanged();
  });
});
