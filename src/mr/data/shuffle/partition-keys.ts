import {
  bytePartitioner,
  hashPartition,
  type Partitioner,
} from "../../app/contract/partitioners.ts";
import { describeCause } from "../../base/errors.ts";
import { describeThrown, quoteKey, stackOf } from "../../base/thrown.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import type { Kernel } from "../../kernel/kernel.ts";

/** A partitioner threw, or returned a number that no reduce task has. */
export class PartitionError extends TypeError {
  override name = "PartitionError";
  /** The bytes of the key, by which the record that emitted it is found. */
  readonly key: Uint8Array;

  constructor(key: Uint8Array, text: string, why: string, options?: ErrorOptions) {
    super(`partition ${why} for key ${quoteKey(text)}`, options);
    this.key = key;
    const stack = stackOf(this.cause);
    if (stack !== undefined) this.stack = stack;
  }
}

/**
 * Returns a function that tells which reduce task the key of an id, or of a pair, belongs to. It throws a
 * PartitionError when the partitioner throws or returns a task that does not exist.
 */
export function partitionOf(
  what: "id" | "pair",
  kernel: Kernel,
  partitioner: Partitioner,
  reduces: number,
): (item: number) => number {
  if (partitioner === hashPartition) {
    if (what === "id") return (id) => kernel.keyHash(id) % reduces;
    return (pair) => kernel.pairHash(pair) % reduces;
  }
  const checkedOf = checked(partitioner, reduces);
  if (what === "id") {
    return (id) => {
      const length = kernel.keyLength(id);
      return checkedOf(keyBytesOf(kernel, id, length), length);
    };
  }
  return (pair) => {
    const length = kernel.pairKeyLength(pair);
    if (length > kernel.output.length) return checkedOf(kernel.pairKey(pair), length);
    kernel.writePairKey(pair, 0);
    return checkedOf(kernel.output, length);
  };
}

/**
 * An array that begins with the `length` bytes of a key, until the next call. Making a view of each key
 * would cost more than all that is done with it.
 */
export function keyBytesOf(kernel: Kernel, id: number, length: number): Uint8Array {
  if (length > kernel.output.length) return kernel.key(id);
  kernel.writeKey(id, 0);
  return kernel.output;
}

function checked(
  partitioner: Partitioner,
  reduces: number,
): (key: Uint8Array, length: number) => number {
  const ofBytes = bytePartitioner(partitioner);
  const last = reduces - 1;
  return (key, length) => {
    // A partitioner changes no key, so it loses nothing.
    const text = () => decodeUtf8(key, 0, length, "checked");
    let partition: number;
    try {
      partition = ofBytes?.(key, length, reduces) ?? partitioner(text(), reduces);
    } catch (cause) {
      const why = `failed (${describeCause(cause)})`;
      throw new PartitionError(key.slice(0, length), text(), why, { cause });
    }
    if (Number.isInteger(partition) && partition >= 0 && partition <= last) return partition;
    // An app in JavaScript may return anything.
    const answer: unknown = partition;
    const given = typeof answer === "string" ? quoteKey(answer) : describeThrown(answer);
    const why = `gave ${given}, not a whole number from 0 to ${last},`;
    throw new PartitionError(key.slice(0, length), text(), why);
  };
}

/**
 * Puts items in the order of their reduce tasks, those of each task in the order they have.
 *
 * @param partitionOf the reduce task of an item; `reduces` for an item to leave out
 * @returns where the items of each reduce task begin, and those of the last one end
 */
export function groupByPartition(
  items: Uint32Array,
  reduces: number,
  partitionOf: (item: number) => number,
): { items: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(reduces + 1);
  const partitions = new Uint32Array(items.length);
  for (let index = 0; index < items.length; index++) {
    const partition = partitionOf(items[index] ?? 0);
    partitions[index] = partition;
    if (partition < reduces) starts[partition + 1] = (starts[partition + 1] ?? 0) + 1;
  }
  for (let reduce = 0; reduce < reduces; reduce++) {
    starts[reduce + 1] = (starts[reduce + 1] ?? 0) + (starts[reduce] ?? 0);
  }
  const next = starts.slice();
  const grouped = new Uint32Array(starts[reduces] ?? 0);
  for (let index = 0; index < items.length; index++) {
    const partition = partitions[index] ?? 0;
    if (partition === reduces) continue;
    const place = next[partition] ?? 0;
    grouped[place] = items[index] ?? 0;
    next[partition] = place + 1;
  }
  return { items: grouped, starts };
}
