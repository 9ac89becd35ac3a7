import { ByteSlice } from "../app/byte-slice.ts";
import type { OutputSink } from "../app/output.ts";
import { checkJsonValue } from "../storage/json-value.ts";

/** Writes `{"key":…,"value":…}` and a line feed. A key that is not UTF-8 has U+FFFD in it. */
export function writeJsonLine(key: ByteSlice, value: unknown, sink: OutputSink): void {
  const plain = value instanceof ByteSlice ? value.toString() : value;
  checkJsonValue(plain);
  sink.text(`{"key":${JSON.stringify(key.toString())},"value":${JSON.stringify(plain)}}\n`);
}
