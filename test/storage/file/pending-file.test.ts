import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendBytes } from "../../../src/mr/base/byte-target.ts";
import { PendingFile } from "../../../src/mr/storage/file/pending-file.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

type Step = "mark" | "rollBack" | { readonly length: number; readonly isInPlace: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>("mark", "rollBack"),
  fc.record({
    // Some fit in the buffer, and some are written around it.
    length: fc.oneof(fc.nat(100), fc.integer({ min: 60_000, max: 150_000 })),
    isInPlace: fc.boolean(),
  }),
);

describe("a pending file", () => {
  it("has what was appended and not taken back, and the checksum of just that", () => {
    const directory = temporaryDirectory();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const file = new PendingFile(directory, "mr-out-0", "1-1-1");
        file.mark();
        let kept = Buffer.alloc(0);
        let marked = 0;
        for (const [index, action] of steps.entries()) {
          if (action === "mark") {
            file.mark();
            marked = kept.length;
          } else if (action === "rollBack") {
            file.rollBack();
            kept = kept.subarray(0, marked);
          } else {
            const bytes = Buffer.alloc(action.length, index);
            if (action.isInPlace) appendBytes(file, bytes, 0, bytes.length);
            else file.write(bytes);
            kept = Buffer.concat([kept, bytes]);
          }
          expect(file.bytesWritten).toBe(kept.length);
        }
        const { bytes, crc32: checksum } = file.finish({ durable: false });
        expect({ bytes, checksum }).toEqual({ bytes: kept.length, checksum: crc32(kept) });
        file.commit();
        expect(readFileSync(join(directory, "mr-out-0")).equals(kept)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
