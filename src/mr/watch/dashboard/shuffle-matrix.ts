import type { ShufflePatch } from "./protocol.ts";
import { Versions } from "./versions.ts";

/** More cells than this nobody can tell apart. */
const MAX_ROWS = 64;
const MAX_COLUMNS = 64;

/** How many bytes went from which map tasks to which reduce tasks: exact for few, in groups for many. */
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

  /** The output of a map task counts, or with a `sign` of -1 no longer does. */
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

  /** How many bytes a reduce task has to read, as far as is known. */
  bytesTo(reduce: number): number {
    return this.#byReduce[reduce] ?? 0;
  }

  /** What has changed since a version; undefined if nothing has. */
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
