import { isLetter } from "../../kernel/word-edges.ts";

const SIGMA = "Σ";
/** Code points from here on have two UTF-16 units. */
const ASTRAL = 0x10000;

/**
 * A text in lower case, in which `words` finds the same words as in the text itself, each as `toLowerCase` makes it
 * of the word alone. That is `text.toLowerCase()`, with two exceptions. İ becomes i: `toLowerCase` makes i and a
 * combining dot of it, which is not a letter and would cut the word. And whether Σ becomes ς, the form at the end
 * of a word, is told by its word: `toLowerCase` takes `ΟΔΟΣ.Α` for a single one.
 */
export function lowerCase(text: string): string {
  const plain = text.replaceAll("İ", "i");
  const lower = plain.toLowerCase();
  const first = plain.indexOf(SIGMA);
  return first < 0 ? lower : withFinalSigmas(plain, lower, first);
}

/**
 * @param lower the text in lower case, which has as many units
 * @param first where the first Σ is
 */
function withFinalSigmas(text: string, lower: string, first: number): string {
  const parts: string[] = [];
  let taken = 0;
  for (let at = first; at >= 0; ) {
    const start = startOfWord(text, at, taken);
    const end = endOfWord(text, at);
    parts.push(lower.slice(taken, start), text.slice(start, end).toLowerCase());
    taken = end;
    at = text.indexOf(SIGMA, end);
  }
  parts.push(lower.slice(taken));
  return parts.join("");
}

function startOfWord(text: string, at: number, from: number): number {
  let start = at;
  while (start > from) {
    const before = text.codePointAt(start - 2) ?? 0;
    const length = start - 2 >= from && before >= ASTRAL ? 2 : 1;
    if (!isLetter(length === 2 ? before : text.charCodeAt(start - 1))) break;
    start -= length;
  }
  return start;
}

function endOfWord(text: string, at: number): number {
  let end = at;
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0;
    if (!isLetter(code)) break;
    end += code >= ASTRAL ? 2 : 1;
  }
  return end;
}
