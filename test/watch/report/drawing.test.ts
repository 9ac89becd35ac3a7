import { expect, it } from "vitest";
import { formatShort } from "../../../src/mr/watch/report/drawing.ts";

it.each([
  [0, "0"],
  [0.5, "0.5"],
  [999, "999"],
  [1000, "1k"],
  [1_500_000, "1.5M"],
  [1e-9, "1e-9"],
])("the label of %d on an axis is %s", (value, label) => expect(formatShort(value)).toBe(label));
