import type { Progress } from "../../job/task.ts";
import type { ThroughputPatch } from "./protocol.ts";
import { Versions } from "./versions.ts";

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
