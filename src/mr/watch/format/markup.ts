/** HTML or SVG that is complete: every text in it has been escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | undefined | readonly Part[];

/**
 * A template for HTML and SVG in which no text can break out of its place: what is inserted is escaped,
 * unless it is markup itself. An array is inserted element by element, undefined is nothing, and
 * numbers are written as short as they can be for drawing.
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
  return part === undefined ? "" : part.map(render).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Makes text safe between the tags and inside the quoted attributes of HTML and of SVG. What XML has no
 * way to write becomes U+FFFD.
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (symbol) => ESCAPES[symbol] ?? "").replace(NO_XML, "\ufffd");
}

/** https://www.w3.org/TR/xml/#charsets */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
