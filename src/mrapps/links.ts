// Reverse web-link graph: for each link target, the number of pages that link to it, and their URLs.
//
//     tsmr run links 'mirror/**/*.html'
//
// The input is a mirror of sites as `wget --recursive` makes it: HTML files in one folder for each
// host. The URL of a page begins at the first folder whose name looks like a host name. So the URL of
// mirror/www.example.org/docs/start.html is https://www.example.org/docs/start.html. If that page
// has the link
//
//     <a href="../about.html#team">About us</a>
//
// the output is
//
//     https://www.example.org/about.html 1 https://www.example.org/docs/start.html
//
// A link is the `href` of an <a> or <area>, relative to the page or to its first <base>. The app drops
// fragments, counts a page that links to a target twice once, and decodes character references such
// as `&amp;` and `&#38;`. It reads pages as UTF-8, or as Latin-1 if they are not UTF-8. Only http and
// https links count. The counter `malformed-links` counts links that are not URLs, those with more
// than 1,000 characters of user and host, and relative links of a page whose <base> has more than
// 8,000 characters. A page outside a host's folder fails the job.

import { isUtf8 } from "node:buffer";
import {
  type ByteSlice,
  type Counters,
  defineApp,
  type Emit,
  union,
  wholeFile,
} from "../mr/index.ts";

/** The start of a comment, of an element whose content is not HTML, or of an element with links. */
const BEGIN = /<(?:(!--)|(script|style)\b|(a|area|base)(?=\s))/gi;
const ENDS: Record<string, RegExp> = {
  "!--": /-->/g,
  script: /<\/script[\s/>]/gi,
  style: /<\/style[\s/>]/gi,
};
/** White space and slashes before an attribute, its name, and the equals sign if it has a value. */
const ATTRIBUTE = /[\s/]*([^\s/>=]*)\s*(=?)\s*/y;
const UNQUOTED = /[^\s>]*/y;
const PAGE = /(?:^|\/)((?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)(?::\d+)?\/.*)$/i;
const REFERENCE = /&(?:#(\d+|x[\da-f]+)|(amp|lt|gt|quot|apos));/gi;
/** User and host of a link that names a host, which a URL parser finds behind any of these characters. */
const AUTHORITY = /^(?:(?:https?|ftp|wss?|file):[/\\]*|[/\\]{2,})([^/\\?#]*)/i;
/** Characters that a URL parser removes, anywhere and at the beginning. */
const REMOVED = /[\t\n\r]|^[^!-\uFFFF]+/g;
/** The time to encode a host's name is quadratic, and a valid one has at most 253 characters. */
const MAX_AUTHORITY = 1000;
/** Each link takes time in proportion to the base. RFC 9110 recommends to support URLs of this length. */
const MAX_BASE = 8000;
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export default defineApp({
  input: wholeFile({ encoding: "utf-8" }),
  map(html, emit: Emit<string>, { file, counters }) {
    const page = PAGE.exec(file)?.[1];
    if (page === undefined) throw new Error("no folder of its path looks like a host's name");
    const source = new URL(`https://${page}`);
    let base: URL | undefined = source;
    let isBaseKnown = false;
    for (const { element, href } of linksIn(textOf(html))) {
      const isBase = element === "base";
      if (isBase && isBaseKnown) continue;
      const target = resolve(href, base, counters);
      if (isBase) {
        isBaseKnown = true;
        if (target !== undefined) base = target.href.length > MAX_BASE ? undefined : target;
      } else if (target !== undefined) emit(target.href, source.href);
    }
  },
  combine: union,
  reduce(_target, found) {
    const sources = union.of(found).sort((a, b) => (a < b ? -1 : 1));
    return `${sources.length} ${sources.join(" ")}`;
  },
});

/** Decodes a page. One that is not UTF-8 is decoded as Latin-1, so that different links stay different. */
function textOf(html: ByteSlice): string {
  const bytes = html.view();
  return isUtf8(bytes) ? html.toString() : bytes.toString("latin1");
}

interface Link {
  /** `a`, `area` or `base`. */
  readonly element: string;
  readonly href: string;
}

/**
 * Finds the links of a page, in time proportional to its length. A comment or a quoted value without an end extends to
 * the end of the page, as in browsers.
 */
function* linksIn(html: string): Generator<Link> {
  for (let at = 0; ; ) {
    BEGIN.lastIndex = at;
    const begin = BEGIN.exec(html);
    if (begin === null) return;
    const [, comment, raw, link] = begin;
    at = BEGIN.lastIndex;
    const end = ENDS[(comment ?? raw)?.toLowerCase() ?? ""];
    if (end !== undefined) {
      end.lastIndex = at;
      if (!end.test(html)) return;
      at = end.lastIndex;
      continue;
    }
    const tag = readTag(html, at);
    if (tag === undefined) return;
    at = tag.end;
    const element = link?.toLowerCase() ?? "";
    if (tag.href !== undefined) yield { element, href: tag.href };
  }
}

/** Reads attributes up to the end of a tag. Returns undefined if the page ends within them. */
function readTag(
  html: string,
  start: number,
): { href: string | undefined; end: number } | undefined {
  let href: string | undefined;
  for (let at = start; at < html.length; ) {
    ATTRIBUTE.lastIndex = at;
    const [, name = "", equals = ""] = ATTRIBUTE.exec(html) ?? [];
    at = ATTRIBUTE.lastIndex;
    if (equals === "") {
      if (html[at] === ">") return { href, end: at + 1 };
      continue;
    }
    const quote = html[at];
    let value: string;
    if (quote === '"' || quote === "'") {
      const end = html.indexOf(quote, at + 1);
      if (end < 0) return undefined;
      value = html.slice(at + 1, end);
      at = end + 1;
    } else {
      UNQUOTED.lastIndex = at;
      value = UNQUOTED.exec(html)?.[0] ?? "";
      at = UNQUOTED.lastIndex;
      // Without a value, the tag ends here.
      if (value === "") continue;
    }
    if (name.toLowerCase() === "href") href ??= value;
  }
  return undefined;
}

/**
 * Returns the target of a link; undefined if it is not a URL of http or https.
 *
 * @param base undefined if relative links can't be resolved
 */
function resolve(href: string, base: URL | undefined, counters: Counters): URL | undefined {
  try {
    const link = decode(href).replace(REMOVED, "");
    const authority = AUTHORITY.exec(link)?.[1] ?? "";
    if (authority.length > MAX_AUTHORITY) throw new RangeError("its host is too long");
    const target = new URL(link, base);
    target.hash = "";
    return /^https?:$/.test(target.protocol) ? target : undefined;
  } catch {
    counters.add("malformed-links");
    return undefined;
  }
}

function decode(text: string): string {
  return text.replace(REFERENCE, (reference, code?: string, name?: string) => {
    if (code === undefined) return NAMED[name?.toLowerCase() ?? ""] ?? reference;
    // A hexadecimal reference is `x` and digits, which Number() parses after a 0.
    return String.fromCodePoint(Number(`0${code}`));
  });
}
