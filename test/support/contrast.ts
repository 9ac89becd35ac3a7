/**
 * The contrast of two colours, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
 *
 * @param one `rgb(…)` as in a browser's computed style, or `#rrggbb`
 * @param other the same
 */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(color)?.slice(1);
  if (hex !== undefined) return hex.map((digits) => Number.parseInt(digits, 16));
  const numbers = /^rgba?\((\d+), (\d+), (\d+)/.exec(color)?.slice(1);
  if (numbers === undefined) throw new Error(`${JSON.stringify(color)} is no colour`);
  return numbers.map(Number);
}
