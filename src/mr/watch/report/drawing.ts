import { type Markup, markup } from "../format/markup.ts";

/** Part of a drawing, from the origin to its width and height. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly content: Markup;
  /** What there is to see, for those who do not. */
  readonly name: string;
}

/** A drawing as an element of a page, as wide as there is room. */
export function standAlone({ width, height, content, name }: Drawing): Markup {
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${content}</svg>`;
}
