/**
 * Merges sorted runs into groups. It is a separate module, whose memory merge-kernel.ts lays out. Runs are
 * read into windows; keys and values are copied from there to the output, and arrays hold their positions. It
 * stops when it needs the caller: for the next part of a run, a key with escapes, a larger output, or to
 * take a batch of groups.
 */

import { isPlain, NOWHERE, skipValue } from "./json";
import { copyBytes, isAscii } from "./output";
import { heapSize, keep, openRuns, push, removeTop, sinkTop, stateOf, topRun } from "./runs";

/** Why {@link next} stops. */
const DONE: u32 = 0;
/** The output or an array is full: the caller must take the groups. */
const FULL: u32 = 1;
/** `subject` has no whole line left in its window. */
const READ: u32 = 2;
/** The key of `subject` is no plain string: the caller must decode its text, see {@link setKey}. */
const DECODE: u32 = 3;
/** A line of `subject` is no record. */
const MALFORMED: u32 = 4;
/** `needed` bytes do not fit even into an empty output. */
const GROW: u32 = 5;

/** A line was read; the alternatives are MALFORMED, READ and DECODE. */
const LINE: u32 = 6;
const END: u32 = 7;

const COMMA: u32 = 0x2c;
const MINUS: u32 = 0x2d;
const OPEN: u32 = 0x5b;
const CLOSE: u32 = 0x5d;
const QUOTE: u32 = 0x22;
const LINE_FEED: u32 = 10;

/** Properties of a value; see merge-kernel.ts. */
const BYTES: u32 = 1;
const PLAIN: u32 = 2;
const INTEGER: u32 = 4;

/** Copies may write this many bytes past their end. */
const SLACK: usize = 16;
/** Whole numbers of up to this many digits are always exact. */
const MAX_DIGITS: usize = 15;

let runCount: u32 = 0;
/** The number of runs whose first line has been read. */
let introduced: u32 = 0;
/** The run whose next line must be read first. */
let awaited: u32 = 0;
let isAwaiting: bool = false;
let hasKey: bool = false;
let isNew: bool = false;

let groupCapacity: u32 = 0;
let valueCapacity: u32 = 0;
let keyStarts: usize = 0;
let keyEnds: usize = 0;
let keyKinds: usize = 0;
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

/** Sets the addresses of the runs and the heap, and begins a new merge. */
export function open(count: u32, runsAt: usize, heapAt: usize): void {
  openRuns(runsAt, heapAt);
  runCount = count;
  introduced = 0;
  groups = values = 0;
  isAwaiting = hasKey = isNew = isOpen = isTaking = false;
}

/** Sets the addresses and lengths of the arrays of groups and of values. */
export function setArrays(
  maxGroups: u32,
  keyStartsAt: usize,
  keyEndsAt: usize,
  keyKindsAt: usize,
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
  keyKinds = keyKindsAt;
  firstValues = firstValuesAt;
  valueCapacity = maxValues;
  valueStarts = valueStartsAt;
  valueEnds = valueEndsAt;
  kinds = kindsAt;
  counts = countsAt;
  numbers = numbersAt;
}

/** Sets the output, to which keys and values are copied. The contents of the open group move with it. */
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

/** The beginning of the text of the key of `subject`, after DECODE; the next function returns its end. */
export function keyTextStart(): usize {
  return <usize>load<u32>(stateOf(subject), 8);
}

export function keyTextEnd(): usize {
  return <usize>load<u32>(stateOf(subject), 12);
}

/** Releases the groups of the batch. An open last group becomes the first of the next batch, without values. */
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

/** Continues until it needs the caller. */
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
      const run = topRun();
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

/** Finds the key of the next line of a run. */
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

/** Copies the available part of the line on top of the heap into the open group or a new one. */
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

/** Stops because the output is full and another group comes next. */
function giveUp(): u32 {
  isOpen = false;
  return FULL;
}

function addGroup(length: usize): void {
  const index = <usize>groups << 2;
  store<u32>(keyStarts + index, <u32>out);
  store<u8>(keyKinds + <usize>groups, <u8>isAscii(out, out + length));
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
