export interface JsonError {
  /** In UTF-16 units, from 1 on. */
  readonly column: number;
  readonly why: string;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/uy;
const STRING_START = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy;

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
    at = match(SPACE, text, at);
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
      const end = isName && !isString ? at : match(SCALAR, text, at);
      if (end === at) return unexpected(text, isString ? match(STRING_START, text, at) : at);
      at = end;
      state = isName ? "colon" : "after";
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
