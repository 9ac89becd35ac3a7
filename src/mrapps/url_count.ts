// URL access count: how often each URL was asked for, from the access logs of Apache or nginx.
//
//     tsmr run url_count 'logs/access.log*'
//
// Input is in the Common or the Combined Log Format, and may be compressed (`.gz`):
//
//     203.0.113.9 - ann [21/Nov/2026:08:15:02 +0000] "GET /shop?page=2 HTTP/1.1" 200 5120
//     198.51.100.7 - - [21/Nov/2026:08:15:03 +0000] "GET /shop HTTP/1.1" 304 - "-" "curl/8.5"
//
// Output is one line a URL:
//
//     /shop 2
//
// A request counts whatever the answer was. The URL is that of the request line without its query.
// Lines in another form are left out, and so are requests that the server did not understand (`"-"`,
// or bytes of another protocol); the counter `malformed-lines` is their number. A URL that is not UTF-8 keeps
// its bytes.

import { ByteSlice, count, defineApp, lines } from "../mr/index.ts";

/** Host, identity, and the beginning of the user. */
const BEGIN = /^\S+ \S+ ./;
/** What follows the request: status, bytes, and anything after them. */
const ANSWER = /" \d{3} (?:\d+|-)(?: |$)/y;
/** Method, URL without its query, and the protocol, which HTTP/0.9 does not have. */
const REQUEST = /^[A-Z_-]+ ([^\s?#]+)(?:[?#]\S*)?(?: HTTP\/\d(?:\.\d)?)?$/;

export default defineApp({
  input: lines(),
  map(line, emit, context) {
    // Unlike the text of the line itself, this is not reported as a loss, since there is none:
    const text = line.view().toString();
    // A URL that is not UTF-8 keeps its bytes, each of which is a character of Latin-1.
    const isUtf8 = !text.includes("\uFFFD");
    const request = requestOf(isUtf8 ? text : line.view().toString("latin1"));
    const url = REQUEST.exec(request)?.[1];
    if (url === undefined) context.badRecord("malformed-lines", "it is no line of an access log");
    else emit(isUtf8 ? url : new ByteSlice(Buffer.from(url, "latin1")), 1);
  },
  combine: count,
  reduce: (_url, counts) => count.of(counts),
});

/**
 * The request of a line: host, identity, user, [time], "request", status, bytes, and anything after them. It is
 * empty if the line has another form. One regular expression for the line would take quadratic time.
 */
function requestOf(line: string): string {
  const [begin] = BEGIN.exec(line) ?? [];
  if (begin === undefined) return "";
  let from = begin.length;
  let open = -1;
  for (let close = line.indexOf("]", from); close >= 0; close = line.indexOf("]", from)) {
    if (open < from) open = line.indexOf(" [", from);
    if (open < 0) return "";
    from = close + 1;
    // There is a time, and the request follows it.
    if (open + 2 >= close || !line.startsWith(' "', from)) continue;
    const start = from + 2;
    const end = closingQuote(line, start);
    ANSWER.lastIndex = end;
    if (end >= 0 && ANSWER.test(line)) return line.slice(start, end);
  }
  return "";
}

/** The position of the first quote from `start` on that no backslash escapes; −1 if there is none. */
function closingQuote(line: string, start: number): number {
  for (let at = line.indexOf('"', start); at >= 0; at = line.indexOf('"', at + 1)) {
    let before = at;
    while (before > start && line[before - 1] === "\\") before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return -1;
}
