/** The width of a terminal whose width is unknown. */
export const DEFAULT_COLUMNS = 80;

/** Made when it is needed first, because that takes ten milliseconds. */
let segmenter: Intl.Segmenter | undefined;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal.
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Characters that terminals show two columns wide: East Asian wide and fullwidth ones, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Replaces control characters, so that names of files and messages of apps fit into a line of a terminal. */
export function plainText(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}

/** The columns of a terminal that a text without control characters takes. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts text to at most `columns` columns, with an ellipsis. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let [width, kept] = [0, ""];
  for (const { segment } of graphemes(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}

function graphemeWidth(grapheme: string): number {
  if (NOTHING.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** Cuts text to about the width of `width` digits in a proportional font, between user-perceived characters. */
export function shorten(text: string, width: number): string {
  // Segmenting a very long text would take long.
  const near = text.slice(0, width * 12);
  let room = width;
  let kept = "";
  for (const { segment } of graphemes(near)) {
    room -= printedWidth(segment);
    if (room < 0) return `${kept.slice(0, [...graphemes(kept)].at(-1)?.index ?? 0)}…`;
    kept += segment;
  }
  return near.length < text.length ? `${kept}…` : kept;
}

/** The approximate width of a character in digits. */
export function printedWidth(grapheme: string): number {
  if (/^[ijltfrI.,:;'|! ()[\]]/.test(grapheme)) return 0.62;
  if (/^[mwMW@%]/.test(grapheme)) return 1.5;
  if (/^[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]/.test(grapheme))
    return 1.8;
  return /^\p{Emoji_Presentation}/u.test(grapheme) ? 2.2 : 1.05;
}
