/** Bit masks of a chunk of 64 bytes: one bit for each byte, the lowest for the first. */

/** One mask of four masks of 16 bytes each. */
@inline
export function join(b0: i32, b1: i32, b2: i32, b3: i32): u64 {
  const low = <u32>b0 | (<u32>b1 << 16);
  const high = <u32>b2 | (<u32>b3 << 16);
  return <u64>low | (<u64>high << 32);
}

/**
 * Writes the positions of the set bits. It always writes eight at once, which avoids an unpredictable branch;
 * the next call overwrites the surplus.
 */
@inline
export function writePositions(to: usize, bits: u64, base: u32): usize {
  const next = to + (<usize>popcnt(bits) << 2);
  while (true) {
    store<u32>(to, base + <u32>ctz(bits));
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 4);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 8);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 12);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 16);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 20);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 24);
    bits &= bits - 1;
    store<u32>(to, base + <u32>ctz(bits), 28);
    bits &= bits - 1;
    if (bits == 0) return next;
    to += 32;
  }
}
