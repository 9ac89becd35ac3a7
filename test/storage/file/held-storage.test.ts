import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { HeldDirectory } from "../../../src/mr/base/held-directory.ts";
import { storageIn } from "../../../src/mr/storage/file/held-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("the storage of a directory that is held", () => {
  let home: string;
  let held: HeldDirectory;
  beforeEach(() => {
    home = temporaryDirectory();
    mkdirSync(join(home, "out"));
    held = HeldDirectory.open(join(home, "out"));
    onTestFinished(() => held.close());
  });

  function replaceDirectory(): void {
    renameSync(join(home, "out"), join(home, "moved"));
    mkdirSync(join(home, "out"));
  }

  const replaced = { code: "DIRECTORY_UNUSABLE", message: expect.stringContaining("replaced") };

  it("publishes and removes files while the directory is in its place", async () => {
    const storage = storageIn(held);
    const output = storage.createOutput(held.at(), "tag", { durable: false });
    output.file("mr-out").finish();
    expect(await output.commit()).toMatchObject([{ name: "mr-out", bytes: 0 }]);
    expect(readdirSync(join(home, "out"))).toEqual(["mr-out"]);
    await storage.remove(held.at("mr-out"));
    expect(readdirSync(join(home, "out"))).toEqual([]);
  });

  it("F61 publishes nothing when another directory has taken its place", async () => {
    const output = storageIn(held).createOutput(held.at(), "tag", { durable: false });
    output.file("mr-out").finish();
    replaceDirectory();
    await expect((async () => output.commit())()).rejects.toMatchObject(replaced);
    output.discard();
    for (const name of ["out", "moved"]) expect(readdirSync(join(home, name))).toEqual([]);
  });

  it("F61 removes nothing when another directory has taken its place", async () => {
    writeFileSync(join(home, "out/mr-out-0"), "a 1\n");
    replaceDirectory();
    writeFileSync(join(home, "out/mr-out-0"), "b 2\n");
    await expect(storageIn(held).remove(held.at("mr-out-0"))).rejects.toMatchObject(replaced);
    expect(readFileSync(join(home, "moved/mr-out-0"), "utf8")).toBe("a 1\n");
    expect(readFileSync(join(home, "out/mr-out-0"), "utf8")).toBe("b 2\n");
  });
});
