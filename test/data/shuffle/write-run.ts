import { ByteBuffer } from "../../../src/mr/base/byte-target.ts";
import { RecordWriter } from "../../../src/mr/data/shuffle/record-writer.ts";
import type { Run } from "../../../src/mr/data/shuffle/run-file.ts";
import { encodeValue } from "../../../src/mr/data/shuffle/value-codec.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";

/** A value, and how many times in a row it comes. */
export type Counted = readonly [count: number, value: unknown];

let files = 0;

/** Writes groups as a run of its own file; a key that is a string is its UTF-8. */
export function writeRun(
  directory: string,
  groups: readonly (readonly [key: string | Uint8Array, values: readonly Counted[]])[],
): Run {
  const scratch = fileStorage.scratch(directory, "t");
  const file = scratch.file(`mr-0-${files++}`);
  const writer = new RecordWriter(file);
  const text = new ByteBuffer(64);
  for (const [key, values] of groups) {
    const bytes = typeof key === "string" ? Buffer.from(key) : key;
    writer.begin(bytes, 0, bytes.length);
    for (const [count, value] of values) {
      text.length = 0;
      const isBytes = encodeValue(value, text);
      writer.value(count, isBytes, text.bytes, 0, text.length);
    }
    writer.end();
  }
  const segment = file.endSegment();
  file.finish();
  return { ...segment, files: scratch, isWholeFile: true };
}
