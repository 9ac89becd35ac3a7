// Tests the seed of the hash of keys in src/mr/kernel.

import { expect, it } from "vitest";
import { WasmKernel } from "../../src/mr/kernel/wasm-kernel.ts";

const BLOCK_BYTES = 1 << 20;
const KEYS = 40_000;

/** Keys of 8 bytes that all had one hash when its multiplier was a constant without a seed. */
function flood(): Uint8Array {
  const multiplier = 0x9e3779b97f4a7c15n;
  let inverse = 1n;
  for (let step = 0; step < 6; step++) {
    inverse = BigInt.asUintN(64, inverse * (2n - multiplier * inverse));
  }
  const keys = Buffer.alloc(KEYS * 8);
  for (let key = 0; key < KEYS; key++) {
    const product = (0x12345678n << 32n) | BigInt(key);
    keys.writeBigUInt64LE(BigInt.asUintN(64, product * inverse), key * 8);
  }
  return keys;
}

function internAll(keys: Uint8Array, length: number, seed?: Uint8Array): WasmKernel {
  const kernel = new WasmKernel(BLOCK_BYTES, 100, undefined, seed);
  for (let at = 0; at < keys.length; at += length) kernel.intern(keys, at, at + length);
  return kernel;
}

/** Milliseconds of processor time, which other processes hardly change. */
function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

it("F48: takes no longer for keys that are made to have one hash than for others", () => {
  const ordinary = Buffer.alloc(KEYS * 8);
  for (let key = 0; key < KEYS; key++)
    ordinary.writeUInt32LE((key * 2654435761) % 2 ** 32, key * 8);
  const usualMs = cpuMs(() => internAll(ordinary, 8));
  // Without a seed, each key is compared with all before it, which takes seconds.
  expect(cpuMs(() => internAll(flood(), 8))).toBeLessThan(10 * usualMs + 200);
});

it("F48: takes no longer for long keys either, whose parts cancel out in a hash without a seed", () => {
  // Each pair of words is one of two that a multiplication can't tell apart: their highest bits are flipped.
  const length = 16 * 15;
  const keys = Buffer.alloc(length * (1 << 15), 0x61);
  for (let key = 0; key < 1 << 15; key++) {
    for (let bit = 0; bit < 15; bit++) {
      if (((key >> bit) & 1) === 0) continue;
      keys[key * length + bit * 16 + 7] = 0xe1;
      keys[key * length + bit * 16 + 15] = 0xe1;
    }
  }
  const ordinary = Buffer.alloc(keys.length, 0x61);
  for (let key = 0; key < 1 << 15; key++) ordinary.writeUInt32LE(key, key * length);
  const usualMs = cpuMs(() => internAll(ordinary, length));
  expect(cpuMs(() => internAll(keys, length))).toBeLessThan(10 * usualMs + 200);
});

it("finds the same keys in the same order, whatever the seed", () => {
  const text = Buffer.from(
    Array.from({ length: 20_000 }, (_, index) => `${"w".repeat(index % 40)}x`).join(" "),
  );
  const results = [0, 1, 255].map((byte) => {
    const kernel = new WasmKernel(BLOCK_BYTES, 100, undefined, new Uint8Array(40).fill(byte));
    kernel.block.set(text);
    const count = kernel.scanWords(0, text.length);
    const sorted = Array.from(kernel.sortedIds(), (id) => Buffer.from(kernel.key(id)).toString());
    return { ids: kernel.ids.slice(0, count), sorted, bytes: kernel.keyBytes };
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
