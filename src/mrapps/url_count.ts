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
// or bytes of another protocol); the counter `malformed-lines` is their number.

import { count, defineApp, lines } from "../mr/index.ts";

/** Host, identity, user, [time], "request", status, bytes, and anything after them. */
const LINE = /^\S+ \S+ .+? \[[^\]]+\] "((?:[^"\\]|\\.)*)" \d{3} (?:\d+|-)(?: |$)/;
/** Method, URL without its query, and the protocol, which HTTP/0.9 does not have. */
const REQUEST = /^[A-Z_-]+ ([^\s?#]+)(?:[?#]\S*)?(?: HTTP\/\d(?:\.\d)?)?$/;

export default defineApp({
  input: lines(),
  map(line, emit, { counters }) {
    const request = LINE.exec(line.toString())?.[1] ?? "";
    const url = REQUEST.exec(request)?.[1];
    if (url === undefined) counters.add("malformed-lines");
    else emit(url, 1);
  },
  combine: count,
  reduce: (_url, counts) => count.of(counts),
});
