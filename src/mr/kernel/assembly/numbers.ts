/** Writes lines of a run that each have one value, a whole number. */

import { quoteBytes } from "./output";
import { keyAddress, keyLength } from "./table";

/** The largest number that is exact. */
const MAX_SAFE: f64 = 9007199254740991;
/** Brackets, quotes, commas, a count, sixteen digits, a line feed, and the surplus that copies write. */
const LINE_MARKS: usize = 64;

/** The end of the last output. */
export let writtenEnd: usize = 0;

/**
 * Writes `["key",1,number]` for one key after the other, until a line does not fit into [output, limit), a key
 * is not UTF-8, or a number is not whole or is negative.
 * @returns the number of lines written
 */
export function writeNumberLines(
  ids: usize,
  numbers: usize,
  count: u32,
  output: usize,
  limit: usize,
): u32 {
  let out = output;
  let index: u32 = 0;
  for (; index < count; index++) {
    const id = load<u32>(ids + (<usize>index << 2));
    const number = load<f64>(numbers + (<usize>index << 3));
    const key = keyAddress(id);
    const length = <usize>keyLength(id);
    if (length > limit || out + length * 6 + LINE_MARKS > limit) break;
    if (!(number >= 0 && number <= MAX_SAFE && floor(number) == number)) break;
    store<u8>(out, 0x5b);
    const quoted = quoteBytes(key, key + length, out + 1);
    if (quoted == 0) break;
    // `,1,`
    store<u32>(quoted, 0x2c312c);
    out = writeDigits(<u64>number, quoted + 3);
    // `]` and a line feed
    store<u16>(out, 0x0a5d);
    out += 2;
  }
  writtenEnd = out;
  return index;
}

function writeDigits(number: u64, target: usize): usize {
  let digits: usize = 1;
  for (let rest = number / 10; rest > 0; rest /= 10) digits++;
  let rest = number;
  for (let at = target + digits - 1; at >= target; at--) {
    store<u8>(at, <u8>(0x30 + <u32>(rest % 10)));
    rest /= 10;
  }
  return target + digits;
}
