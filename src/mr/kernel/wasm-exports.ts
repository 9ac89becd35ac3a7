import type { WasmGlobal } from "./webassembly.ts";

/** What the module exports; see assembly/kernel.ts. */
export interface WasmExports {
  readonly BLOCK: WasmGlobal;
  readonly LETTERS: WasmGlobal;
  readonly PAGES: WasmGlobal;
  readonly SCRATCH: WasmGlobal;
  readonly SCRATCH_BYTES: WasmGlobal;
  readonly idsAt: WasmGlobal;
  readonly startsAt: WasmGlobal;
  readonly endsAt: WasmGlobal;
  readonly lineEndsAt: WasmGlobal;
  readonly outputAt: WasmGlobal;
  open(blockBytes: number, outputBytes: number): void;
  readonly outputEnd: WasmGlobal;
  allocate(size: number): number;
  appendPair(key: number, keyLength: number, value: number, valueLength: number): number;
  appendTexts(
    texts: number,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: number,
  ): number;
  scanLines(start: number, end: number): number;
  scanWords(start: number, end: number): number;
  intern(address: number, length: number): number;
  keyAddress(id: number): number;
  keyCount(): number;
  keyHash(id: number): number;
  keyLength(id: number): number;
  pairBytes(): number;
  pairCount(): number;
  pairHash(pair: number): number;
  pairKey(pair: number): number;
  pairKeyLength(pair: number): number;
  reset(): void;
  sortPairs(): number;
  sortKeys(): number;
  tableBytes(): number;
  writeKey(id: number, at: number): number;
  writeNumbers(count: number, capacity: number): number;
  writePairKey(pair: number, at: number): number;
  writePairs(from: number, to: number): number;
}
