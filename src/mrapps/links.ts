// Reverse web-link graph: for each page that is linked to, how many pages link to it, and which.
//
//     tsmr run links 'mirror/**/*.html'
//
// Input is a mirror of sites as `wget --recursive` makes it: HTML files in a folder for each host. The
// URL of mirror/www.example.org/docs/start.html is https://www.example.org/docs/start.html: it begins
// at the first folder whose name looks like a host's. For that page with the link
//
//     <a href="../about.html#team">About us</a>
//
// the output is
//
//     https://www.example.org/about.html 1 https://www.example.org/docs/start.html
//
// Links are the `href` of <a> and <area>, relative to the page or to its <base>. Fragments are cut
// off, and a page that links twice counts once. Character references such as `&amp;` and `&#38;` are
// decoded. Pages are read as UTF-8 or, if they are not, as Latin-1. Only http and https links count; a
// link that is not a URL is counted as `malformed-links`, and a page outside a host's folder fails the
// job.

import { isUtf8 } from "node:buffer";
import {
  type ByteSlice,
  type Counters,
  defineApp,
  type Emit,
  union,
  wholeFile,
} from "../mr/index.ts";

/** The beginnings of comments, of elements whose content is no HTML, and of those with links. */
const BEGIN = /<(?:(!--)|(script|style)\b|(a|area|base)(?=\s))/gi;
const ENDS: Record<string, RegExp> = {
  "!--": /-->/g,
  script: /<\/script[\s/>]/gi,
  style: /<\/style[\s/>]/gi,
};
/** White space and slashes before an attribute, and its name with the equals sign if it has a value. */
const ATTRIBUTE = /[\s/]*([^\s/>=]*)\s*(=?)\s*/y;
const UNQUOTED = /[^\s>]*/y;
const PAGE = /(?:^|\/)((?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)(?::\d+)?\/.*)$/i;
const REFERENCE = /&(?:#(\d+|x[\da-f]+)|(amp|lt|gt|quot|apos));/gi;
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export default defineApp({
  input: wholeFile({ encoding: "utf-8" }),
  map(html, emit: Emit<string>, { file, counters }) {
    const page = PAGE.exec(file)?.[1];
    if (page === undefined) throw new Error("no folder of its path looks like a host's name");
    const source = new URL(`https://${page}`);
    let base = source;
    for (const { element, href } of linksIn(textOf(html))) {
      const target = resolve(href, base, counters);
      if (target === undefined) continue;
      if (element === "base") base = target;
      else emit(target.href, source.href);
    }
  },
  combine: union,
  reduce(_target, found) {
    const sources = union.of(found).sort((a, b) => (a < b ? -1 : 1));
    return `${sources.length} ${sources.join(" ")}`;
  },
});

/** A page that is not UTF-8 is Latin-1, so that different links stay different. */
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
 * The links of a page. It takes time in proportion to the page, whatever is in it: what is not closed, such as a
 * comment or a quote, extends to the end of the page, as in browsers.
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

/** Reads attributes up to the end of a tag; undefined if the page ends within them. */
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

/** The page that a link leads to, if it is one. */
function resolve(href: string, base: URL, counters: Counters): URL | undefined {
  try {
    const target = new URL(decode(href), base);
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
    // `x` and hexadecimal digits, which Number() parses after a 0.
    return String.fromCodePoint(Number(`0${code}`));
  });
}
