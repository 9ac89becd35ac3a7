/** HTML or SVG in which all text is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | false | undefined | readonly Part[];

/**
 * A template for HTML and SVG. Inserted text is escaped, inserted markup is not. Arrays are inserted element
 * by element, undefined and false insert nothing, and numbers are rounded to two decimals.
 */
export function markup(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = template[0] ?? "";
  parts.forEach((part, at) => {
    text += render(part) + (template[at + 1] ?? "");
  });
  return new Markup(text);
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === "string") return escapeMarkup(part);
  if (typeof part === "number") return String(Math.round(part * 100) / 100);
  return part === undefined || part === false ? "" : part.map(render).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes text for elements and quoted attributes of HTML and SVG. Characters that XML cannot represent
 * become U+FFFD.
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (symbol) => ESCAPES[symbol] ?? "").replace(NO_XML, "\ufffd");
}

/** https://www.w3.org/TR/xml/#charsets */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
