import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../../src/mr/base/heap.ts";

describe("a heap", () => {
  it("gives its items in order, whichever are pushed, removed or changed in between", () => {
    const step = fc.oneof(
      fc.record({ push: fc.nat(20) }),
      fc.record({ raiseTop: fc.nat(20) }),
      fc.constant("removeTop" as const),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const heap = new Heap<{ value: number }>((a, b) => a.value < b.value);
        let plain: number[] = [];
        for (const each of steps) {
          if (each === "removeTop") {
            heap.removeTop();
            plain = plain.slice(1);
          } else if ("push" in each) {
            heap.push({ value: each.push });
            plain.push(each.push);
          } else if (heap.top !== undefined) {
            heap.top.value += each.raiseTop;
            heap.sinkTop();
            plain[0] = (plain[0] ?? 0) + each.raiseTop;
          }
          plain.sort((a, b) => a - b);
          expect(heap.top?.value).toBe(plain[0]);
        }
      }),
    );
  });
});
