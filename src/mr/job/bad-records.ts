import type { RecordTally, SkippedRecord } from "./task.ts";

/**
 * How many bad records a job may have: a number for records and keys together, or a share, such as `5%`, of
 * the records and of the keys.
 */
export type MaxBadRecords = number | `${number}%`;

/** The bad records of a job that has too many of them. */
export interface BadRecords {
  readonly max: MaxBadRecords;
  /** The records that map tasks have read. */
  readonly records: Count;
  /** The keys that reduce tasks have read. */
  readonly keys: Count;
  /** The numbers of bad ones by the counters that count them. */
  readonly counters: Readonly<Record<string, number>>;
  /** The first bad one, in the order of the inputs. */
  readonly first?: SkippedRecord | undefined;
}

interface Count {
  readonly read: number;
  readonly bad: number;
}

/**
 * The limit that `value` stands for: a whole number from 0 on, or a percentage from 0% to 100%, which may be
 * a fraction.
 *
 * @returns undefined if it is neither
 */
export function parseMaxBadRecords(value: unknown): MaxBadRecords | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }
  if (typeof value !== "string" || !/^[0-9]+(\.[0-9]+)?%$/.test(value)) return undefined;
  const percent = Number(value.slice(0, -1));
  return percent <= 100 ? `${percent}%` : undefined;
}

/**
 * Whether a job fails because of its bad records. To be asked when all map tasks are completed, and again when all
 * reduce tasks are.
 *
 * @param maps the tallies of all map tasks, in their order
 * @param reduces the tallies of all reduce tasks; none before they are completed
 * @returns undefined if the job may go on
 */
export function tooManyBadRecords(
  max: MaxBadRecords,
  maps: readonly RecordTally[],
  reduces: readonly RecordTally[],
): BadRecords | undefined {
  const [records, keys] = [countOf(maps), countOf(reduces)];
  const isOver =
    typeof max === "number" ? records.bad + keys.bad > max : [records, keys].some(isOverShare);
  if (!isOver) return undefined;
  const counters: Record<string, number> = {};
  for (const { bad } of [...maps, ...reduces]) {
    for (const [name, count] of Object.entries(bad)) counters[name] = (counters[name] ?? 0) + count;
  }
  const first = [...maps, ...reduces].find((tally) => tally.first !== undefined)?.first;
  return { max, records, keys, counters, first };

  function isOverShare({ read, bad }: Count): boolean {
    return 100 * bad > Number.parseFloat(String(max)) * read;
  }
}

function countOf(tallies: readonly RecordTally[]): Count {
  let [read, bad] = [0, 0];
  for (const tally of tallies) {
    read += tally.read;
    for (const count of Object.values(tally.bad)) bad += count;
  }
  return { read, bad };
}
