/**
 * When each row of a table was last changed. Finding what has changed looks at every row: for ten
 * thousand of them that takes some microseconds, and needs no memory for each who watches.
 */
export class Versions {
  #versions: number[] = [];
  #latest = 0;

  /** The row has changed. Versions never decrease, and start at 1. */
  touch(row: number, version: number): void {
    while (this.#versions.length < row) this.#versions.push(0);
    this.#versions[row] = version;
    this.#latest = version;
  }

  /** There are so many rows, all of them new. */
  reset(rows: number, version: number): void {
    this.#versions = new Array<number>(rows).fill(version);
    this.#latest = version;
  }

  /** The rows that have changed after a version, in order. */
  since(version: number): number[] {
    const rows: number[] = [];
    if (this.#latest <= version) return rows;
    this.#versions.forEach((changed, row) => {
      if (changed > version) rows.push(row);
    });
    return rows;
  }
}
