/**
 * A text in lower case, in which `words` finds the same words as in the text itself. That is
 * `text.toLowerCase()`, except that İ becomes i: `toLowerCase` makes i and a combining dot of it, which is not
 * a letter and would cut the word.
 */
export function lowerCase(text: string): string {
  return text.replaceAll("İ", "i").toLowerCase();
}
