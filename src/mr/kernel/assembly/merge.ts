/**
 * Merges sorted runs into groups: a module of its own, with a memory of its own that merge-kernel.ts
 * lays out. Runs are read into windows; keys and values are copied from there to the output, and the
 * arrays say where they are. It stops wherever it needs something: another part of a run, a key that has
 * escapes, more output, or somebody to take what there is.
 */

import { copyBytes } from "./output";
import { isPlain, NOWHERE, skipValue } from "./json";

/** What {@link next} stops for. */
const DONE: u32 = 0;
/** The output, or an array, is full: the groups in it are to be taken. */
const FULL: u32 = 1;
/** `subject` has no whole line left in its window. */
const READ: u32 = 2;
/** The key of `subject` is no plain string: its text is to be decoded, see {@link setKey}. */
const DECODE: u32 = 3;
/** A line of `subject` is no record. */
const MALFORMED: u32 = 4;
/** `needed` bytes do not fit even into an empty output. */
const GROW: u32 = 5;

/** What a line can be besides MALFORMED, READ and DECODE. */
const LINE: u32 = 6;
const END: u32 = 7;

const COMMA: u32 = 0x2c;
const MINUS: u32 = 0x2d;
const OPEN: u32 = 0x5b;
const CLOSE: u32 = 0x5d;
const QUOTE: u32 = 0x22;
const LINE_FEED: u32 = 10;

/** What is known of a value; see merge-kernel.ts. */
const BYTES: u32 = 1;
const PLAIN: u32 = 2;
const INTEGER: u32 = 4;

/** Copies may go so far past their end. */
const SLACK: usize = 16;
/** As many digits as are exact in any case. */
const MAX_DIGITS: usize = 15;

/**
 * A run, of which the line is known that comes next:
 *
 *    0  u32  where its values, or those not yet taken, begin; without a line, where that begins
 *    4  u32  where the whole lines in the window end
 *    8  u32  the key of the line begins
 *   12  u32  and ends
 *   16  u64  its first eight bytes, zero-padded, as a number
 *   24  u32  1 when nothing comes after the window
 */
const RUN_SHIFT: usize = 5;

let runs: usize = 0;
let runCount: u32 = 0;
let heap: usize = 0;
let heapSize: u32 = 0;
/** How many runs have been looked at. */
let introduced: u32 = 0;
/** The run whose next line is to be found before anything else. */
let awaited: u32 = 0;
let isAwaiting: bool = false;
let hasKey: bool = false;
let isNew: bool = false;

let groupCapacity: u32 = 0;
let valueCapacity: u32 = 0;
let keyStarts: usize = 0;
let keyEnds: usize = 0;
let firstValues: usize = 0;
let valueStarts: usize = 0;
let valueEnds: usize = 0;
let kinds: usize = 0;
let counts: usize = 0;
let numbers: usize = 0;

let output: usize = 0;
let outputLimit: usize = 0;
let out: usize = 0;
/** Whether the last group may get more values. */
export let isOpen: bool = false;
/** Whether the line on top of the heap is being taken. */
let isTaking: bool = false;

export let subject: u32 = 0;
export let needed: u32 = 0;
export let groups: u32 = 0;
export let values: u32 = 0;

/** Where the runs and the heap are. Forgets all that was. */
export function open(count: u32, runsAt: usize, heapAt: usize): void {
  runs = runsAt;
  runCount = count;
  heap = heapAt;
  heapSize = introduced = 0;
  groups = values = 0;
  isAwaiting = hasKey = isNew = isOpen = isTaking = false;
}

/** Where the arrays are, each for as many groups, or one more, or values. */
export function setArrays(
  maxGroups: u32,
  keyStartsAt: usize,
  keyEndsAt: usize,
  firstValuesAt: usize,
  maxValues: u32,
  valueStartsAt: usize,
  valueEndsAt: usize,
  kindsAt: usize,
  countsAt: usize,
  numbersAt: usize,
): void {
  groupCapacity = maxGroups;
  keyStarts = keyStartsAt;
  keyEnds = keyEndsAt;
  firstValues = firstValuesAt;
  valueCapacity = maxValues;
  valueStarts = valueStartsAt;
  valueEnds = valueEndsAt;
  kinds = kindsAt;
  counts = countsAt;
  numbers = numbersAt;
}

/** Where keys and values are copied to. What is there of the open group comes along. */
export function setOutput(at: usize, limit: usize): void {
  if (groups > 0) {
    const length = out - output;
    memory.copy(at, output, length);
    store<u32>(keyStarts, <u32>at);
    store<u32>(keyEnds, <u32>(at + length));
    out = at + length;
  } else {
    out = at;
  }
  output = at;
  outputLimit = limit - SLACK;
}

/** Sets what there is of a run in its window. */
export function setWindow(run: u32, at: usize, limit: usize, isEnded: bool): void {
  const state = stateOf(run);
  store<u32>(state, <u32>at);
  store<u32>(state, <u32>limit, 4);
  store<u32>(state, <u32>isEnded, 24);
}

/** Sets the key of `subject`, after DECODE. */
export function setKey(at: usize, end: usize): void {
  keep(stateOf(subject), at, end);
  hasKey = true;
}

/** Where the text of the key of `subject` begins, after DECODE; and where it ends. */
export function keyTextStart(): usize {
  return <usize>load<u32>(stateOf(subject), 8);
}

export function keyTextEnd(): usize {
  return <usize>load<u32>(stateOf(subject), 12);
}

/** The groups have been taken: makes room. The last one goes on as the first, without values. */
export function taken(): void {
  const last = groups;
  groups = values = 0;
  out = output;
  if (!isOpen || last == 0) return;
  const index = <usize>(last - 1) << 2;
  const at = <usize>load<u32>(keyStarts + index);
  const length = <usize>load<u32>(keyEnds + index) - at;
  memory.copy(output, at, length);
  addGroup(length);
}

/** Goes on until it needs something. */
export function next(): u32 {
  while (true) {
    if (isAwaiting) {
      const run = awaited;
      const code = hasKey ? LINE : readLine(stateOf(run));
      if (code == LINE) {
        if (isNew) push(run);
        else sinkTop();
      } else if (code == END) {
        if (!isNew) removeTop();
      } else {
        subject = run;
        return code;
      }
      isAwaiting = hasKey = false;
    } else if (introduced < runCount) {
      awaited = introduced++;
      isAwaiting = isNew = true;
    } else if (heapSize == 0) {
      isOpen = false;
      return DONE;
    } else {
      const run = load<u32>(heap);
      const code = takeLine(stateOf(run));
      if (code != LINE) {
        subject = run;
        return code;
      }
      awaited = run;
      isAwaiting = true;
      isNew = false;
    }
  }
}

@inline
function stateOf(run: u32): usize {
  return runs + (<usize>run << RUN_SHIFT);
}

/** Finds the key of the line that begins where the last has ended. */
function readLine(state: usize): u32 {
  const at = <usize>load<u32>(state);
  const limit = <usize>load<u32>(state, 4);
  if (at == limit) return load<u32>(state, 24) != 0 ? END : READ;
  if (<u32>load<u8>(at) != OPEN) return MALFORMED;
  const end = skipValue(at + 1, limit);
  if (end == NOWHERE || <u32>load<u8>(end) != COMMA) return MALFORMED;
  store<u32>(state, <u32>end);
  if (<u32>load<u8>(at, 1) == QUOTE && isPlain) {
    keep(state, at + 2, end - 1);
    return LINE;
  }
  store<u32>(state, <u32>(at + 1), 8);
  store<u32>(state, <u32>end, 12);
  return DECODE;
}

function keep(state: usize, at: usize, end: usize): void {
  store<u32>(state, <u32>at, 8);
  store<u32>(state, <u32>end, 12);
  const length = end - at;
  let prefix = bswap<u64>(load<u64>(at));
  if (length < 8) prefix = length == 0 ? 0 : prefix & (<u64>-1 << <u64>((8 - length) << 3));
  store<u64>(state, prefix, 16);
}

/** Copies what there is of the line on top of the heap, into the open group or another. */
function takeLine(state: usize): u32 {
  if (!isTaking) {
    if (!isOpen || !isOfGroup(state)) {
      const key = <usize>load<u32>(state, 8);
      const length = <usize>load<u32>(state, 12) - key;
      if (groups == groupCapacity || length > outputLimit - out) {
        if (groups > 0) return giveUp();
        needed = <u32>(length + SLACK);
        return GROW;
      }
      copyBytes(key, key + length, out);
      addGroup(length);
      isOpen = true;
    }
    isTaking = true;
  }
  const limit = <usize>load<u32>(state, 4);
  let at = <usize>load<u32>(state);
  while (<u32>load<u8>(at) == COMMA) {
    if (values == valueCapacity) return FULL;
    let from = at + 1;
    let kind: u32 = 0;
    if (<u32>load<u8>(from) == MINUS) {
      kind = BYTES;
      from++;
    }
    let count: f64 = 0;
    let digit = <u32>load<u8>(from) - 0x30;
    while (digit <= 9) {
      count = count * 10 + <f64>digit;
      digit = <u32>load<u8>(++from) - 0x30;
    }
    if (count == 0 || <u32>load<u8>(from) != COMMA) return MALFORMED;
    from++;
    const end = skipValue(from, limit);
    if (end == NOWHERE) return MALFORMED;
    if (end - from > outputLimit - out) {
      if (values > 0 || groups > 1) return FULL;
      needed = <u32>(out - output + (end - from) + SLACK);
      return GROW;
    }
    if (<u32>load<u8>(from) == QUOTE && isPlain) kind |= PLAIN;
    addValue(from, end, kind, count);
    at = end;
    store<u32>(state, <u32>at);
  }
  if (<u32>load<u8>(at) != CLOSE || <u32>load<u8>(at, 1) != LINE_FEED) return MALFORMED;
  store<u32>(state, <u32>(at + 2));
  isTaking = false;
  return LINE;
}

/** The output is full, and what comes next is another group. */
function giveUp(): u32 {
  isOpen = false;
  return FULL;
}

function addGroup(length: usize): void {
  const index = <usize>groups << 2;
  store<u32>(keyStarts + index, <u32>out);
  out += length;
  store<u32>(keyEnds + index, <u32>out);
  store<u32>(firstValues + index, values);
  groups++;
  store<u32>(firstValues + index, values, 4);
}

function addValue(from: usize, end: usize, kind: u32, count: f64): void {
  const index = <usize>values << 2;
  store<u32>(valueStarts + index, <u32>out);
  copyBytes(from, end, out);
  out += end - from;
  store<u32>(valueEnds + index, <u32>out);
  store<f64>(counts + (index << 1), count);
  const number = integer(from, end);
  if (number >= 0) {
    store<f64>(numbers + (index << 1), number);
    kind |= INTEGER;
  }
  store<u8>(kinds + <usize>values, <u8>kind);
  values++;
  store<u32>(firstValues + (<usize>groups << 2), values);
}

/** The number of a text of up to 15 digits; -1 for any other text. */
function integer(from: usize, end: usize): f64 {
  if (end - from > MAX_DIGITS) return -1;
  let number: u64 = 0;
  for (let at = from; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return -1;
    number = number * 10 + <u64>digit;
  }
  return <f64>number;
}

/** Whether the line of a run belongs to the open group, which is the last. */
function isOfGroup(state: usize): bool {
  const index = <usize>(groups - 1) << 2;
  const groupKey = <usize>load<u32>(keyStarts + index);
  const key = <usize>load<u32>(state, 8);
  const length = <usize>load<u32>(state, 12) - key;
  if (<usize>load<u32>(keyEnds + index) - groupKey != length) return false;
  return memory.compare(groupKey, key, length) == 0;
}

/** Whether the line of run a comes before that of run b. */
function isBefore(a: u32, b: u32): bool {
  const stateA = stateOf(a);
  const stateB = stateOf(b);
  const prefixA = load<u64>(stateA, 16);
  const prefixB = load<u64>(stateB, 16);
  if (prefixA != prefixB) return prefixA < prefixB;
  const keyA = <usize>load<u32>(stateA, 8);
  const keyB = <usize>load<u32>(stateB, 8);
  const lengthA = <usize>load<u32>(stateA, 12) - keyA;
  const lengthB = <usize>load<u32>(stateB, 12) - keyB;
  const both = min(lengthA, lengthB);
  if (both > 8) {
    const order = memory.compare(keyA + 8, keyB + 8, both - 8);
    if (order != 0) return order < 0;
  }
  if (lengthA != lengthB) return lengthA < lengthB;
  return a < b;
}

@inline
function heapAt(index: u32): u32 {
  return load<u32>(heap + (<usize>index << 2));
}

@inline
function setHeap(index: u32, run: u32): void {
  store<u32>(heap + (<usize>index << 2), run);
}

function push(run: u32): void {
  let index = heapSize++;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heapAt(parent);
    if (!isBefore(run, above)) break;
    setHeap(index, above);
    index = parent;
  }
  setHeap(index, run);
}

function removeTop(): void {
  heapSize--;
  if (heapSize == 0) return;
  setHeap(0, heapAt(heapSize));
  sinkTop();
}

function sinkTop(): void {
  const run = heapAt(0);
  let index: u32 = 0;
  while (true) {
    let child: u32 = 2 * index + 1;
    if (child >= heapSize) break;
    let least = heapAt(child);
    if (child + 1 < heapSize) {
      const other = heapAt(child + 1);
      if (isBefore(other, least)) {
        least = other;
        child++;
      }
    }
    if (!isBefore(least, run)) break;
    setHeap(index, least);
    index = child;
  }
  setHeap(index, run);
}
