const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const SPACES = /[ \t\r\n]*/y;
// Strings are scanned without a regular expression, which would need a stack in proportion to their length.
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

export interface JsonError {
  /** In UTF-16 units, from 1 on. */
  readonly column: number;
  readonly why: string;
}

/**
 * Finds the first error in a text that `JSON.parse` refused. (Its own message gives a position or not,
 * depending on the error and the version.)
 */
export function jsonErrorAt(text: string): JsonError {
  /** The brackets that are open, outermost first. */
  const open: string[] = [];
  let at = 0;
  let state: "value" | "firstValue" | "firstName" | "name" | "colon" | "after" = "value";
  for (;;) {
    at = match(SPACES, text, at);
    const symbol = text[at];
    if (symbol === undefined) {
      if (state === "after" && open.length === 0) return { column: at + 1, why: "not valid JSON" };
      return { column: at + 1, why: "the line ends within the JSON value" };
    }
    const isName: boolean = state === "firstName" || state === "name";
    if (state === "after") {
      const inside = open.at(-1);
      if (symbol === "," && inside !== undefined) state = inside === "{" ? "name" : "value";
      else if (inside !== undefined && symbol === (inside === "{" ? "}" : "]")) open.pop();
      else return unexpected(text, at);
      at += 1;
    } else if (state === "colon") {
      if (symbol !== ":") return unexpected(text, at);
      at += 1;
      state = "value";
    } else if (
      (state === "firstName" && symbol === "}") ||
      (state === "firstValue" && symbol === "]")
    ) {
      open.pop();
      at += 1;
      state = "after";
    } else if (!isName && (symbol === "{" || symbol === "[")) {
      open.push(symbol);
      at += 1;
      state = symbol === "{" ? "firstName" : "firstValue";
    } else {
      const isString = symbol === '"';
      const end = isString ? endOfString(text, at) : isName ? at : match(SCALAR, text, at);
      if (end === at) return unexpected(text, at);
      if (end < 0) return unexpected(text, -end);
      at = end;
      state = isName ? "colon" : "after";
    }
  }
}

/** The end of the string that begins at `start`; the negative position of its first error if it has one. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    // Not a number at the end of the text.
    if (!(code >= SPACE)) return -at;
    if (code !== BACKSLASH) at += 1;
    else {
      const length = match(ESCAPE, text, at) - at;
      if (length === 0) return -at;
      at += length;
    }
  }
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function unexpected(text: string, at: number): JsonError {
  const codePoint = text.codePointAt(at);
  if (codePoint === undefined) return { column: at + 1, why: "the line ends within a string" };
  const symbol = JSON.stringify(String.fromCodePoint(codePoint));
  return { column: at + 1, why: `unexpected ${symbol} in JSON` };
}
