/** A binary heap, with the item that comes first on top. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  /** @param isBefore a strict order */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent] as T;
      if (!this.#isBefore(item, above)) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  removeTop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.sinkTop();
  }

  /** Restores the order after the item on top has changed, which may now come later. */
  sinkTop(): void {
    const items = this.#items;
    const item = items[0];
    if (item === undefined) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const a = items[left];
      const b = items[left + 1];
      if (a === undefined) break;
      const isRight = b !== undefined && this.#isBefore(b, a);
      const child = isRight ? b : a;
      if (!this.#isBefore(child, item)) break;
      items[index] = child;
      index = isRight ? left + 1 : left;
    }
    items[index] = item;
  }
}
