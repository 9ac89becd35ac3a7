import { crc32 } from "node:zlib";
import type { OutputFile } from "../../src/mr/job/task.ts";
import { MemoryStorage } from "../../src/mr/storage/memory/memory-storage.ts";

/** A storage whose files may be published by a process that dies or stops between any two of them. */
class SimulatedStorage extends MemoryStorage {
  /** Paths of files that a fault has removed or changed, and that were not published again since. */
  readonly spoilt = new Set<string>();
  /** Publishes a file, or does not. */
  onPut: ((publish: () => void, path: string) => void) | undefined;
  /** Receives each file that has got its name. */
  onPublished: ((path: string, bytes: Uint8Array) => void) | undefined;

  override put(path: string, bytes: Uint8Array): void {
    const publish = () => {
      this.spoilt.delete(path);
      super.put(path, bytes);
      this.onPublished?.(path, bytes);
    };
    if (this.onPut === undefined) publish();
    else this.onPut(publish, path);
  }

  /** Changes or removes a file, as no process of the job does. */
  spoil(path: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) void this.remove(path);
    else super.put(path, bytes);
    this.spoilt.add(path);
  }
}

/** The job directory. What a fault has done to a file is remembered. */
export class Disk {
  readonly storage = new SimulatedStorage();

  /** @param listener receives the name and the contents of each file that gets its name */
  watch(listener: (name: string, contents: string) => void): void {
    this.storage.onPublished = (path, bytes) => {
      listener(nameOf(path), Buffer.from(bytes).toString("latin1"));
    };
  }

  get names(): string[] {
    return this.storage.paths.map(nameOf);
  }

  read(name: string): string | undefined {
    const bytes = this.storage.get(pathOf(name));
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
  }

  /** Gives complete contents their final name. */
  publish(name: string, contents: string): void {
    this.storage.put(pathOf(name), Buffer.from(contents, "latin1"));
  }

  /**
   * Lets a process publish files.
   *
   * @param onPut is given each file to be published, and its name
   */
  async publishing<T>(
    onPut: (publish: () => void, name: string) => void,
    commit: () => T | Promise<T>,
  ): Promise<T> {
    this.storage.onPut = (publish, path) => onPut(publish, nameOf(path));
    try {
      // No other process runs meanwhile: a commit in memory does not wait.
      return await commit();
    } finally {
      this.storage.onPut = undefined;
    }
  }

  isSpoilt(name: string): boolean {
    return this.storage.spoilt.has(pathOf(name));
  }

  spoil(name: string, how: "vanish" | "tear" | "corrupt"): void {
    const contents = this.read(name);
    if (contents === undefined) return;
    const left = {
      vanish: undefined,
      tear: contents.slice(0, contents.length >> 1),
      corrupt: `?${contents.slice(1)}`,
    }[how];
    const bytes = left === undefined ? undefined : Buffer.from(left, "latin1");
    this.storage.spoil(pathOf(name), bytes);
  }

  /** Whether a file is what a report says it is. */
  holds({ name, bytes, crc32: checksum }: OutputFile): boolean {
    const contents = this.storage.get(pathOf(name));
    return contents?.length === bytes && crc32(contents) === checksum;
  }
}

export function summaryOf(name: string, contents: string): OutputFile {
  return { name, bytes: contents.length, crc32: crc32(contents) };
}

function pathOf(name: string): string {
  return `/job/${name}`;
}

function nameOf(path: string): string {
  return path.slice("/job/".length);
}
