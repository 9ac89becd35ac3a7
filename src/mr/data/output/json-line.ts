import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { OutputSink } from "../../app/contract/output.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { isEncodedText } from "../../base/utf8.ts";

/**
 * Writes `{"key":…,"value":…}` and a line feed.
 *
 * @throws TypeError for a key or a byte slice that is no UTF-8: with U+FFFD in it, it might be another
 *   one's; and for a value that JSON can't carry
 */
export function writeJsonLine(key: ByteSlice, value: unknown, sink: OutputSink): void {
  const plain = value instanceof ByteSlice ? textOf(value, "value") : value;
  checkJsonValue(plain);
  sink.text(`{"key":${JSON.stringify(textOf(key, "key"))},"value":${JSON.stringify(plain)}}\n`);
}

function textOf(slice: ByteSlice, what: string): string {
  const text = slice.toString();
  if (!text.includes("\uFFFD") || isEncodedText(slice.view())) return text;
  const bytes = slice.view().toString("hex", 0, 32);
  throw new TypeError(
    `the ${what} is no UTF-8 (bytes ${bytes} in hexadecimal), which JSON can't carry`,
  );
}
