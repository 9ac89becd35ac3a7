const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The lab's `ihash`: FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv), with the sign bit
 * cleared.
 *
 * @param key the bytes of a key
 * @returns 0 … 2³¹ − 1
 */
export function hashKey(key: Uint8Array): number {
  let hash = FNV_OFFSET_BASIS;
  for (const byte of key) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash & 0x7fffffff;
}

/** Which reduce task a key belongs to, of `reduces`. */
export function partitionOf(key: Uint8Array, reduces: number): number {
  return hashKey(key) % reduces;
}
