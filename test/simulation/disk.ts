import { crc32 } from "node:zlib";
import type { OutputFile } from "../../src/mr/job/task.ts";

/** The job directory: names and contents. What a fault has done to a file is remembered. */
export class Disk {
  readonly #files = new Map<string, string>();
  /** Names of files that a fault has removed or changed, and nobody has replaced since. */
  readonly #spoilt = new Set<string>();

  get names(): string[] {
    return [...this.#files.keys()];
  }

  read(name: string): string | undefined {
    return this.#files.get(name);
  }

  /** Gives complete contents their final name. */
  publish(name: string, contents: string): void {
    this.#files.set(name, contents);
    this.#spoilt.delete(name);
  }

  isSpoilt(name: string): boolean {
    return this.#spoilt.has(name);
  }

  spoil(name: string, how: "vanish" | "tear" | "corrupt"): void {
    const contents = this.#files.get(name);
    if (contents === undefined) return;
    this.#spoilt.add(name);
    if (how === "vanish") this.#files.delete(name);
    else if (how === "tear") this.#files.set(name, contents.slice(0, contents.length >> 1));
    else this.#files.set(name, `?${contents.slice(1)}`);
  }

  /** Whether a file is what a report says it is. */
  holds({ name, bytes, crc32: checksum }: OutputFile): boolean {
    const contents = this.#files.get(name);
    return contents?.length === bytes && crc32(contents) === checksum;
  }
}

export function summaryOf(name: string, contents: string): OutputFile {
  return { name, bytes: contents.length, crc32: crc32(contents) };
}
