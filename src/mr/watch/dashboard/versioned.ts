import type { Progress } from "../../job/task.ts";
import type { ShufflePatch, ThroughputPatch } from "./protocol.ts";

/** The version of the last change of each row of a table. Finding changes reads all rows: microseconds. */
export class Versions {
  #versions: number[] = [];
  #latest = 0;

  /** Marks a row as changed. Versions start at 1 and never decrease. */
  touch(row: number, version: number): void {
    while (this.#versions.length < row) this.#versions.push(0);
    this.#versions[row] = version;
    this.#latest = version;
  }

  /** Replaces all rows by this number of new ones. */
  reset(rows: number, version: number): void {
    this.#versions = new Array<number>(rows).fill(version);
    this.#latest = version;
  }

  /** The indexes of rows changed after a version, in order. */
  since(version: number): number[] {
    const rows: number[] = [];
    if (this.#latest <= version) return rows;
    this.#versions.forEach((changed, row) => {
      if (changed > version) rows.push(row);
    });
    return rows;
  }
}

/** More rows or columns cannot be distinguished on a page. */
const MAX_CELLS = 64;

/** The bytes from each map task to each reduce task, summed up in groups if there are many tasks. */
export class ShuffleMatrix {
  readonly #mapsPerRow: number;
  readonly #reducesPerColumn: number;
  readonly #cells: number[][];
  readonly #byReduce: Float64Array;
  readonly #versions = new Versions();

  constructor(maps: number, reduces: number, version: number) {
    this.#mapsPerRow = Math.max(1, Math.ceil(maps / MAX_CELLS));
    this.#reducesPerColumn = Math.max(1, Math.ceil(reduces / MAX_CELLS));
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

  /** The changes since a version; undefined if there are none. */
  since(version: number): ShufflePatch | undefined {
    const changed = this.#versions.since(version);
    if (changed.length === 0) return undefined;
    const rows = changed.map((row) => [row, ...(this.#cells[row] ?? [])] as const);
    const sorted = this.#byReduce.toSorted();
    const [max = 0, median = 0] = [sorted.at(-1), sorted[sorted.length >> 1]];
    return {
      mapsPerRow: this.#mapsPerRow,
      reducesPerColumn: this.#reducesPerColumn,
      rows,
      largest: max === 0 ? null : [this.#byReduce.indexOf(max), max, median],
    };
  }
}

const MAX_BUCKETS = 480;
const FIRST_WIDTH_MS = 125;

type Work = [records: number, bytes: number, cpuMs: number];

/**
 * The work done over time. Attempts report their work once a second and at their end; it is spread evenly over
 * the time since the last report. Intervals get wider as the job gets longer, so their number is bounded.
 */
export class Throughput {
  #widthMs = FIRST_WIDTH_MS;
  #buckets: Work[] = [];
  #widened = 0;
  readonly #versions = new Versions();

  /** Adds work done between two times, in milliseconds since the coordinator started. */
  add(fromMs: number, toMs: number, work: Progress, version: number): void {
    while (toMs >= MAX_BUCKETS * this.#widthMs) this.#widen(version);
    const from = Math.max(0, Math.min(fromMs, toMs));
    const [first, last] = [from, toMs].map((atMs) => Math.floor(atMs / this.#widthMs));
    if (first === undefined || last === undefined) return;
    for (let at = first; at <= last; at += 1) {
      const startMs = Math.max(from, at * this.#widthMs);
      const endMs = Math.min(toMs, (at + 1) * this.#widthMs);
      const share = toMs === from ? 1 : (endMs - startMs) / (toMs - from);
      while (this.#buckets.length <= at) this.#buckets.push([0, 0, 0]);
      const bucket = this.#buckets[at];
      if (bucket === undefined) continue;
      bucket[0] += share * work.records;
      bucket[1] += share * work.bytes;
      bucket[2] += share * work.cpuMs;
      this.#versions.touch(at, version);
    }
  }

  /** The changes since a version; undefined if there are none. */
  since(version: number): ThroughputPatch | undefined {
    const changed = this.#versions.since(this.#widened > version ? 0 : version);
    if (changed.length === 0) return undefined;
    const rows = changed.map((at) => {
      const [records = 0, bytes = 0, cpuMs = 0] = this.#buckets[at] ?? [];
      return [at, Math.round(records), Math.round(bytes), Math.round(cpuMs)] as const;
    });
    return { widthMs: this.#widthMs, rows };
  }

  #widen(version: number): void {
    const halves = this.#buckets;
    this.#buckets = [];
    for (let at = 0; at < halves.length; at += 2) {
      const [records, bytes, cpuMs] = halves[at] ?? [0, 0, 0];
      const [moreRecords, moreBytes, moreCpuMs] = halves[at + 1] ?? [0, 0, 0];
      this.#buckets.push([records + moreRecords, bytes + moreBytes, cpuMs + moreCpuMs]);
    }
    this.#widthMs *= 2;
    this.#widened = version;
    this.#versions.reset(this.#buckets.length, version);
  }
}
