/**
 * Checks that [start, end) lies in the block.
 *
 * @throws RangeError where it does not
 */
export function checkRange(block: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= block.length) return;
  throw new RangeError(`Cannot scan [${start}, ${end}) of a block of ${block.length} bytes`);
}
