/** The lower median of numbers in ascending order. */
export function medianOf(sorted: readonly number[]): number {
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}

/** Buckets for each doubling of the value: whole numbers up to 22 have their own. */
const BUCKETS_PER_DOUBLING = 16;
const SAMPLE = 20_000;

/** The distribution of any number of values in bounded memory: exact within 5%, and a random sample. */
export class ValueSpread {
  count = 0;
  total = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly #positive = new Map<number, { count: number; sum: number }>();
  readonly #sample: number[] = [];
  /** The state of a generator with a fixed seed, so that the same output makes the same report. */
  #random = 1;

  add(value: number): void {
    this.count += 1;
    this.total += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#keep(value);
    if (value <= 0) return;
    const at = Math.floor(Math.log2(value) * BUCKETS_PER_DOUBLING + 1e-9);
    const bucket = this.#positive.get(at) ?? { count: 0, sum: 0 };
    bucket.count += 1;
    bucket.sum += value;
    if (bucket.count === 1) this.#positive.set(at, bucket);
  }

  /** The buckets of positive values, largest first: how many values each has, and their mean. */
  get buckets() {
    const sorted = [...this.#positive].sort(([a], [b]) => b - a);
    return sorted.map(([, { count, sum }]) => ({ value: sum / count, count }));
  }

  /** A random sample in ascending order; all values if there are few. */
  get sample(): readonly number[] {
    return [...this.#sample].sort((a, b) => a - b);
  }

  /** Reservoir sampling: algorithm R (Vitter, 1985). */
  #keep(value: number): void {
    let at = this.#sample.length;
    if (at === SAMPLE) {
      this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
      at = Math.floor((this.#random / 2 ** 32) * this.count);
    }
    if (at < SAMPLE) this.#sample[at] = value;
  }
}

export interface TopKey {
  readonly key: string;
  readonly value: number;
}

/** Keeps the keys with the largest values. Of equal values, the key that sorts first is kept. */
export class TopKeys {
  readonly #limit: number;
  #kept: TopKey[] = [];
  #least = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param keyOf makes the key; called only if the value is large enough */
  add(value: number, keyOf: () => string): void {
    if (value < this.#least) return;
    this.#kept.push({ key: keyOf(), value });
    // Few values come this far, so sorting now and then is cheaper than a heap.
    if (this.#kept.length >= 8 * this.#limit) this.#cut();
  }

  /** Largest first. */
  get list(): readonly TopKey[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));
    this.#kept.length = Math.min(this.#kept.length, this.#limit);
    if (this.#kept.length < this.#limit) return;
    this.#least = this.#kept.at(-1)?.value ?? this.#least;
  }
}
