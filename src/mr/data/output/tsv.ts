import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output } from "../../app/contract/output.ts";
import { checkJsonValue } from "../../base/json-value.ts";

/**
 * Lines of fields with tabs between them: the key, then the value, or each element of it if it is an
 * array. Backslash, tab, line feed and carriage return in a field are written `\\`, `\t`, `\n` and `\r`
 * (http://dataprotocols.org/linear-tsv).
 */
export function tsv(): Output<unknown> {
  return {
    name: "tsv()",
    write(key, value, sink) {
      writeField(key, sink);
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) {
          writeValue(value[index], `[${index}]`, sink);
        }
      } else writeValue(value, "", sink);
      sink.text("\n");
    },
  };
}

type Sink = Parameters<Output<unknown>["write"]>[2];

/** Bytes, because a key may be no UTF-8. */
function writeField({ bytes, start, end }: ByteSlice, sink: Sink): void {
  let from = start;
  for (let at = start; at < end; at++) {
    const escaped = ESCAPES[String.fromCharCode(bytes[at] ?? 0)];
    if (escaped === undefined) continue;
    sink.bytes(bytes, from, at);
    sink.text(escaped);
    from = at + 1;
  }
  sink.bytes(bytes, from, end);
}

/** @param path where the field is in the value */
function writeValue(field: unknown, path: string, sink: Sink): void {
  sink.text("\t");
  if (field instanceof ByteSlice) writeField(field, sink);
  else if (typeof field === "string") sink.text(escapeField(field));
  else {
    checkJsonValue(field, path);
    sink.text(escapeField(JSON.stringify(field)));
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

function escapeField(field: string): string {
  return field.replace(/[\\\t\n\r]/g, (symbol) => ESCAPES[symbol] ?? symbol);
}
