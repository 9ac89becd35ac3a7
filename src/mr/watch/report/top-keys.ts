export interface TopKey {
  readonly key: string;
  readonly value: number;
}

/** Keeps the keys with the largest values of any number of them. Ties go to the key that sorts first. */
export class TopKeys {
  readonly #limit: number;
  #kept: TopKey[] = [];
  #least = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param keyOf makes the key, which is asked for only if its value is large enough */
  add(value: number, keyOf: () => string): void {
    if (value < this.#least) return;
    this.#kept.push({ key: keyOf(), value });
    // Sorting now and then costs less than keeping a heap, because few values come this far.
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
