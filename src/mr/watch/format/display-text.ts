/**
 * Cuts text to about the width of `width` digits in a proportional font, between user-perceived characters.
 */
export function shorten(text: string, width: number): string {
  // Segmenting a very long text would take long.
  const near = text.slice(0, width * 12);
  let room = width;
  let kept = "";
  for (const { segment } of GRAPHEMES.segment(near)) {
    room -= widthOf(segment);
    if (room < 0) return `${kept.slice(0, lastStart(kept))}…`;
    kept += segment;
  }
  return near.length < text.length ? `${kept}…` : kept;
}

const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/** The approximate width of text in digits. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += widthOf(segment);
  return width;
}

function widthOf(grapheme: string): number {
  if (/^[ijltfrI.,:;'|! ()[\]]/.test(grapheme)) return 0.62;
  if (/^[mwMW@%]/.test(grapheme)) return 1.5;
  if (/^[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]/.test(grapheme))
    return 1.8;
  return /^\p{Emoji_Presentation}/u.test(grapheme) ? 2.2 : 1.05;
}

function lastStart(text: string): number {
  let at = 0;
  for (const { index } of GRAPHEMES.segment(text)) at = index;
  return at;
}
