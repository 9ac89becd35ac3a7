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
// Whatever the answer was, a request counts. A URL is what the request line has, without its query.
// A line of another form is left out, as is one whose request the server did not understand (`"-"`,
// or the bytes of some other protocol); the counter `malformed-lines` says how many.

import { count, defineApp, lines } from "../mr/index.ts";

/** Host, identity, user, [time], "request", status, bytes, and whatever comes after them. */
const LINE = /^\S+ \S+ .+? \[[^\]]+\] "((?:[^"\\]|\\.)*)" \d{3} (?:\d+|-)(?: |$)/;
/** Method, URL without its query, and the protocol, which the oldest clients leave out. */
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
