/**
 * Checks that [start, end) lies in an array of the kernel.
 *
 * @throws RangeError where it does not
 */
export function checkRange(array: ArrayLike<number>, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= array.length) return;
  throw new RangeError(`Cannot take [${start}, ${end}) of ${array.length}: out of range`);
}
