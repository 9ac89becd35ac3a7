/**
 * The middle value, or the mean of the two in the middle.
 *
 * @throws {RangeError} for an empty list, which has no median
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("Cannot take the median of no values");
  }
  return (lower + upper) / 2;
}
