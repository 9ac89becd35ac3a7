/**
 * `1 worker`, `2 workers`.
 *
 * @param noun whose plural has an s
 * @param format how the number is written
 */
export function plural(count: number, noun: string, format: (count: number) => string = String) {
  return `${format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Control characters, marks that change the direction of text, and characters that XML cannot contain. */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about them
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff]|\p{Cs}/gu;

/** Shows characters that are invisible, or change how the text around them looks, as `\u{…}`. */
export function visible(text: string): string {
  return visibleLines(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/**
 * The same for text of several lines, such as a stack: line ends and tabs stay. No control sequence for a
 * terminal is left in it.
 */
export function visibleLines(text: string): string {
  return text.replace(INVISIBLE, (symbol) => {
    return /[\n\t]/.test(symbol) ? symbol : `\\u{${symbol.codePointAt(0)?.toString(16)}}`;
  });
}
