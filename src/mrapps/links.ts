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
// decoded. Only http and https links count; a link that is not a URL is counted as `malformed-links`,
// and a page outside a host's folder fails the job.

import { type Counters, defineApp, type Emit, union, wholeFile } from "../mr/index.ts";

const NO_LINKS_IN = /<!--.*?-->|<(script|style)\b.*?<\/\1\s*>/gis;
/** The attributes before `href`; a `>` in their quotes does not end the tag. */
const BEFORE = /(?:[^>=]|=\s*"[^"]*"|=\s*'[^']*'|=(?!\s*["']))*?/.source;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/.source;
const LINK = new RegExp(`<(a|area|base)(?=\\s)${BEFORE}${HREF}`, "gi");
const PAGE = /(?:^|\/)((?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)(?::\d+)?\/.*)$/i;
const REFERENCE = /&(?:#(\d+|x[\da-f]+)|(amp|lt|gt|quot|apos));/gi;
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export default defineApp({
  input: wholeFile(),
  map(html, emit: Emit<string>, { file, counters }) {
    const page = PAGE.exec(file)?.[1];
    if (page === undefined) throw new Error("no folder of its path looks like a host's name");
    const source = new URL(`https://${page}`);
    let base = source;
    const text = html.toString().replace(NO_LINKS_IN, "");
    for (const [, element = "", ...quoted] of text.matchAll(LINK)) {
      const target = resolve(quoted.join(""), base, counters);
      if (target === undefined) continue;
      if (element.toLowerCase() === "base") base = target;
      else emit(target.href, source.href);
    }
  },
  combine: union,
  reduce(_target, found) {
    const sources = union.of(found).sort((a, b) => (a < b ? -1 : 1));
    return `${sources.length} ${sources.join(" ")}`;
  },
});

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
