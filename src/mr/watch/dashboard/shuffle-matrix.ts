import type { ShufflePatch } from "./protocol.ts";
import { Versions } from "./versions.ts";

/** More rows and columns cannot be distinguished on a page. */
const MAX_ROWS = 64;
const MAX_COLUMNS = 64;

/** The bytes from each map task to each reduce task, summed up in groups if there are many tasks. */
export class ShuffleMatrix {
  readonly #mapsPerRow: number;
  readonly #reducesPerColumn: number;
  readonly #cells: number[][];
  readonly #byReduce: Float64Array;
  readonly #versions = new Versions();

  constructor(maps: number, reduces: number, version: number) {
    this.#mapsPerRow = Math.max(1, Math.ceil(maps / MAX_ROWS));
    this.#reducesPerColumn = Math.max(1, Math.ceil(reduces / MAX_COLUMNS));
    const columns = Math.ceil(reduces / this.#reducesPerColumn);
    this.#cells = Array.from({ length: Math.ceil(maps / this.#mapsPerRow) }, () => {
      return new Array<number>(columns).fill(0);
    });
    this.#byReduce = new Float64Array(reduces);
    this.#versions.reset(this.#cells.length, version);
  }

  /** Adds the output of a map task, or with a `sign` of -1 takes it away. */
  add(map: number, outputBytes: readonly number[], sign: 1 | -1, version: number): void {
    const row = Math.floor(map / this.#mapsPerRow);
    const cells = this.#cells[row];
    if (cells === undefined) return;
    outputBytes.forEach((bytes, reduce) => {
      const column = Math.floor(reduce / this.#reducesPerColumn);
      cells[column] = (cells[column] ?? 0) + sign * bytes;
      this.#byReduce[reduce] = (this.#byReduce[reduce] ?? 0) + sign * bytes;
    });
    this.#versions.touch(row, version);
  }

  /** The bytes for a reduce task from all completed map tasks. */
  bytesTo(reduce: number): number {
    return this.#byReduce[reduce] ?? 0;
  }

  /** The changes since a version; undefined if there are none. */
  since(version: number): ShufflePatch | undefined {
    const changed = this.#versions.since(version);
    if (changed.length === 0) return undefined;
    return {
      mapsPerRow: this.#mapsPerRow,
      reducesPerColumn: this.#reducesPerColumn,
      rows: changed.map((row) => [row, ...(this.#cells[row] ?? [])] as const),
      largest: this.#largest(),
    };
  }

  #largest(): ShufflePatch["largest"] {
    const sorted = Float64Array.from(this.#byReduce).sort();
    const bytes = sorted.at(-1) ?? 0;
    if (bytes === 0) return null;
    return [this.#byReduce.indexOf(bytes), bytes, sorted[sorted.length >> 1] ?? 0];
  }
}
