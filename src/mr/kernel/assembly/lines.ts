/** Finds the ends of lines in the block. */

import { join, writePositions } from "./bits";
import { BLOCK } from "./memory";

let lineEnds: usize = 0;

export function openLines(lineEndsAt: usize): void {
  lineEnds = lineEndsAt;
}

/** Lists the positions of the line feeds in block[start, end). @returns their number */
export function scanLines(start: u32, end: u32): u32 {
  let to = lineEnds;
  for (let at = start; at < end; at += 64) {
    const chunk = BLOCK + <usize>at;
    const b0 = lineFeeds(v128.load(chunk));
    const b1 = lineFeeds(v128.load(chunk, 16));
    const b2 = lineFeeds(v128.load(chunk, 32));
    const b3 = lineFeeds(v128.load(chunk, 48));
    let feeds = join(b0, b1, b2, b3);
    if (end - at < 64) feeds &= (<u64>1 << <u64>(end - at)) - 1;
    if (feeds != 0) to = writePositions(to, feeds, at);
  }
  return <u32>((to - lineEnds) >> 2);
}

@inline
function lineFeeds(v: v128): i32 {
  return i8x16.bitmask(i8x16.eq(v, i8x16.splat(10)));
}
