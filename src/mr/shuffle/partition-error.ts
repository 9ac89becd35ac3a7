/** A partitioner gave a number that is no reduce task's. */
export class PartitionError extends TypeError {
  override name = "PartitionError";

  constructor(key: string, partition: unknown, reduces: number) {
    super(
      `partition gave ${String(partition)} for key ${JSON.stringify(key)}, ` +
        `not a whole number from 0 to ${reduces - 1}`,
    );
  }
}
