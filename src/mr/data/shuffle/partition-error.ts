import { quoteKey, stackOf } from "../../base/thrown.ts";

/** A partitioner gave a number that is no reduce task's, or threw. */
export class PartitionError extends TypeError {
  override name = "PartitionError";
  /** The bytes of the key, to find the record by that emitted it. */
  readonly key: Uint8Array;

  /**
   * @param key its bytes, which are kept
   * @param text the same as the partitioner got it
   */
  constructor(key: Uint8Array, text: string, why: string, options?: ErrorOptions) {
    super(`partition ${why} for key ${quoteKey(text)}`, options);
    this.key = key;
    const stack = stackOf(this.cause);
    if (stack !== undefined) this.stack = stack;
  }
}
