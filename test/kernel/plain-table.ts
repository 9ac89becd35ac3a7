import type { KeyTable } from "../../src/mr/kernel/kernel.ts";

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const MIN_SLOTS = 1 << 12;
const MIN_ARENA_BYTES = 1 << 16;

/** The table of keys in typed arrays; see KeyTable for the contract. */
export class PlainTable implements KeyTable {
  #size = 0;
  /** Keys one after the other; key `id` is arena[offsets[id], offsets[id + 1]). */
  #arena = new Uint8Array(MIN_ARENA_BYTES);
  #offsets = new Uint32Array(MIN_SLOTS / 2 + 1);
  #hashes = new Int32Array(MIN_SLOTS / 2);
  /** Open addressing: a slot holds an id plus one, or 0; at most half of them are taken. */
  #slots = new Int32Array(MIN_SLOTS);
  #encoded = new Uint8Array(256);

  get size(): number {
    return this.#size;
  }

  get keyBytes(): number {
    const perKey = this.#offsets.BYTES_PER_ELEMENT + this.#hashes.BYTES_PER_ELEMENT;
    return this.#offset(this.#size) + this.#size * perKey + this.#slots.byteLength;
  }

  intern(source: Uint8Array, start: number, end: number): number {
    return this.internHashed(source, start, end, fnv(source, start, end));
  }

  /** As `intern`, for a caller that has the whole FNV-1a hash, as a signed number, already. */
  internHashed(source: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = slotOf(hash, mask);
    for (;;) {
      const id = (slots[at] ?? 0) - 1;
      if (id < 0) return this.#add(source, start, end, hash, at);
      if (this.#hashes[id] === hash && this.#equals(id, source, start, end)) return id;
      at = (at + 1) & mask;
    }
  }

  internAscii(text: string): number {
    const { length } = text;
    if (length > this.#encoded.length) this.#encoded = new Uint8Array(2 * length);
    const encoded = this.#encoded;
    let hash = FNV_OFFSET;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return -1;
      encoded[i] = unit;
      hash = Math.imul(hash ^ unit, FNV_PRIME);
    }
    return this.internHashed(encoded, 0, length, hash);
  }

  key(id: number): Uint8Array {
    return this.#arena.subarray(this.#offset(id), this.#offset(id + 1));
  }

  keyLength(id: number): number {
    return this.#offset(id + 1) - this.#offset(id);
  }

  keyHash(id: number): number {
    return (this.#hashes[id] ?? 0) & 0x7fffffff;
  }

  sortedIds(): Uint32Array {
    const prefixes = new Float64Array(this.#size);
    for (let id = 0; id < this.#size; id++) {
      prefixes[id] = prefixOf(this.#arena, this.#offset(id), this.#offset(id + 1));
    }
    const ids = new Uint32Array(this.#size).map((_, id) => id);
    return ids.sort((a, b) => (prefixes[a] ?? 0) - (prefixes[b] ?? 0) || this.#compare(a, b));
  }

  clear(): void {
    // A table that was large once must not cost its size at each clear from then on.
    let slots = MIN_SLOTS;
    while (slots < 2 * this.#size) slots *= 2;
    if (slots === this.#slots.length) this.#slots.fill(0);
    else this.#slots = new Int32Array(slots);
    this.#offsets = new Uint32Array(slots / 2 + 1);
    this.#hashes = new Int32Array(slots / 2);
    // Views of keys may still be held: a new arena, where there is anything in the old one.
    if (this.#size > 0) this.#arena = new Uint8Array(MIN_ARENA_BYTES);
    this.#size = 0;
  }

  #offset(id: number): number {
    return this.#offsets[id] ?? 0;
  }

  #equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena;
    const offset = this.#offset(id);
    const length = end - start;
    if (this.#offset(id + 1) - offset !== length) return false;
    for (let i = 0; i < length; i++) {
      if (arena[offset + i] !== source[start + i]) return false;
    }
    return true;
  }

  #add(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.#size;
    const offset = this.#offset(id);
    const length = end - start;
    if (offset + length > this.#arena.length) this.#growArena(offset + length);
    const arena = this.#arena;
    for (let i = 0; i < length; i++) arena[offset + i] = source[start + i] ?? 0;
    this.#offsets[id + 1] = offset + length;
    this.#hashes[id] = hash;
    this.#slots[slot] = id + 1;
    this.#size = id + 1;
    if (this.#size * 2 >= this.#slots.length) this.#growSlots();
    return id;
  }

  #growArena(needed: number): void {
    if (needed > 2 ** 32 - 1) {
      throw new RangeError(
        `Cannot add a key to a table of ${this.#size} keys: they would take over 4 GiB`,
      );
    }
    const bytes = Math.min(Math.max(needed, 2 * this.#arena.length), 2 ** 32 - 1);
    const grown = new Uint8Array(bytes);
    grown.set(this.#arena.subarray(0, this.#offset(this.#size)));
    this.#arena = grown;
  }

  #growSlots(): void {
    const length = this.#slots.length * 2;
    const offsets = new Uint32Array(length / 2 + 1);
    offsets.set(this.#offsets);
    const hashes = new Int32Array(length / 2);
    hashes.set(this.#hashes);
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let id = 0; id < this.#size; id++) {
      let at = slotOf(hashes[id] ?? 0, mask);
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = id + 1;
    }
    this.#slots = slots;
    this.#offsets = offsets;
    this.#hashes = hashes;
  }

  #compare(a: number, b: number): number {
    const arena = this.#arena;
    const lengthA = this.keyLength(a);
    const lengthB = this.keyLength(b);
    const shorter = Math.min(lengthA, lengthB);
    for (let i = 0; i < shorter; i++) {
      const order = (arena[this.#offset(a) + i] ?? 0) - (arena[this.#offset(b) + i] ?? 0);
      if (order !== 0) return order;
    }
    return lengthA - lengthB;
  }
}

/** The first six bytes of bytes[start, end) as a number, which a double holds exactly. */
export function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  let prefix = 0;
  for (let at = start; at < start + 6; at++) {
    prefix = prefix * 256 + (at < end ? (bytes[at] ?? 0) : 0);
  }
  return prefix;
}

/** FNV-1a, 32 bits, as a signed number. */
export function fnv(source: Uint8Array, start: number, end: number): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (source[at] ?? 0), FNV_PRIME);
  }
  return hash;
}

/** FNV's upper bits are its better ones: fold them into those that choose the slot. */
function slotOf(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
