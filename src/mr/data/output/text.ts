import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output, OutputSink } from "../../app/contract/output.ts";
import { checkJsonValue } from "../../base/json-value.ts";

const SPACE = Buffer.from(" ");
const LINE_FEED = Buffer.from("\n");

/**
 * Lines `key SPACE value`, as the lab has them. Strings and byte slices are written as they are, without
 * any escaping; other values as JSON.
 */
export function text(): Output<unknown> {
  return {
    name: "text()",
    write(key, value, sink) {
      sink.bytes(key.bytes, key.start, key.end);
      if (typeof value === "number" && Number.isFinite(value)) {
        sink.text(` ${value}\n`);
        return;
      }
      sink.bytes(SPACE, 0, 1);
      writeValue(value, sink);
      sink.bytes(LINE_FEED, 0, 1);
    },
  };
}

function writeValue(value: unknown, sink: OutputSink): void {
  if (value instanceof ByteSlice) sink.bytes(value.bytes, value.start, value.end);
  else if (typeof value === "string") sink.text(value);
  else {
    checkJsonValue(value);
    sink.text(JSON.stringify(value));
  }
}
