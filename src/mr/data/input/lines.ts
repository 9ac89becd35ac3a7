import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Reader } from "../../app/contract/reader.ts";
import { LineCursor, type LineUnit } from "./line-cursor.ts";

/**
 * Records are lines, as byte slices without their ends (LF or CRLF). A byte order mark at the beginning
 * of the file is no part of its first line; all other bytes are kept as they are, UTF-8 or not. A last
 * line without a line end is a record too, unless it is empty.
 */
export function lines(): Reader<ByteSlice> {
  return lineReader("lines()", "line");
}

/**
 * Records are blocks of whole lines with their ends, about a megabyte each, as byte slices: for apps to
 * which lines mean nothing, such as word count. All bytes are kept.
 */
export function blocks(): Reader<ByteSlice> {
  return lineReader("blocks()", "block");
}

function lineReader(name: string, unit: LineUnit): Reader<ByteSlice> {
  return {
    name,
    splitting: "bytes",
    open: (source, options) => new LineCursor(source, options, unit),
  };
}
