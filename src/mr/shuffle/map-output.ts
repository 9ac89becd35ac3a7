import { mapOutputName } from "../names.ts";
import { PendingFile } from "../storage/pending-file.ts";
import { encodeUtf8 } from "../utf8.ts";
import { partitionOf } from "./partition.ts";
import { encodeGroup } from "./record.ts";

interface Group {
  readonly bytes: Uint8Array;
  readonly key: string;
  readonly values: string[];
}

/** Gathers what one map task emits, by key, and writes it as one sorted file per reduce task. */
export class MapOutput {
  readonly #groups = new Map<string, string[]>();

  emit(key: string, value: string): void {
    const values = this.#groups.get(key);
    if (values === undefined) this.#groups.set(key, [value]);
    else values.push(value);
  }

  /**
   * Writes `mr-X-0` … `mr-X-(reduces−1)`, empty ones included, under temporary names.
   *
   * @returns the files, in the order of the reduce tasks, each to be finished and committed
   */
  write(directory: string, map: number, reduces: number, tag: string): PendingFile[] {
    const partitions: Group[][] = Array.from({ length: reduces }, () => []);
    for (const [key, values] of this.#groups) {
      const bytes = encodeUtf8(key);
      partitions[partitionOf(bytes, reduces)]?.push({ bytes, key, values });
    }
    const files: PendingFile[] = [];
    try {
      for (const [reduce, groups] of partitions.entries()) {
        const file = new PendingFile(directory, mapOutputName(map, reduce), tag);
        files.push(file);
        groups.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
        for (const { key, values } of groups) file.write(Buffer.from(encodeGroup(key, values)));
      }
    } catch (error) {
      for (const file of files) file.discard();
      throw error;
    }
    return files;
  }
}
