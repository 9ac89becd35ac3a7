/**
 * The version of the last change of each row of a table. Finding changes reads all rows, which takes
 * microseconds for ten thousand of them, and needs no memory for each client.
 */
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
