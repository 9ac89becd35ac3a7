import { ByteSlice } from "../app/contract/byte-slice.ts";
import { checkJsonValue } from "../base/json-value.ts";

/**
 * A value as it arrives at `reduce`: what a job writes to a file in between is a copy.
 *
 * @throws TypeError when JSON can't carry it, naming the path within the value
 */
export function carryValue<V>(value: V): V {
  if (value instanceof ByteSlice) return value.copy() as V & ByteSlice;
  if (typeof value === "string") return value;
  checkJsonValue(value);
  return JSON.parse(JSON.stringify(value)) as V;
}
