// Tests src/mr/data/input/decompress.ts with a decompressor that ends without having used the bytes it gets.

import { Transform } from "node:stream";
import { expect, it, vi } from "vitest";
import { decompress } from "../../../src/mr/data/input/decompress.ts";

const made = vi.hoisted(() => ({ decompressors: 0 }));

vi.mock("node:zlib", async (importOriginal) => ({
  // Node 20 has none, and a mock must name it.
  createZstdDecompress: undefined,
  ...(await importOriginal<typeof import("node:zlib")>()),
  createGunzip() {
    made.decompressors += 1;
    if (made.decompressors > 3) throw new Error("It would try for ever");
    const transform = new Transform({ transform: (_bytes, _encoding, done) => done() });
    transform.once("pipe", () => transform.push(null));
    return Object.assign(transform, { bytesWritten: 0 });
  },
}));

it("F46 bytes that a decompressor does not use are refused, and not given to the next one for ever", async () => {
  const bytes = Buffer.from([0x1f, 0x8b, 8, 0]);
  const file = {
    read(target: Uint8Array, from: number, to: number, position: number) {
      const part = bytes.subarray(position, position + to - from);
      target.set(part, from);
      return part.length;
    },
    stat: () => ({ size: bytes.length, version: "1" }),
    close: () => undefined,
  };
  const contents = decompress(file, "gzip");
  await expect(contents.next()).rejects.toMatchObject({
    code: "INPUT_MALFORMED",
    message: expect.stringContaining("cannot be decompressed"),
  });
  contents.close();
});
