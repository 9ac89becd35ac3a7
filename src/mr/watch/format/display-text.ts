import { counted as countedAs } from "../../base/counted.ts";

/**
 * Text that people are shown, of which some is out of inputs and keys and may be anything at all. Each
 * function says what it guarantees.
 */

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

/**
 * Cuts text to about what fits into `width` times the width of a digit, by whole characters as people
 * see them.
 */
export function shorten(text: string, width: number): string {
  // Reading the whole of a very long text to cut it would take long.
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

/** About how wide text is, in digits. */
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

/** `1,234,567`, or fewer digits where there is a fraction: `0.0123`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return INTEGER.format(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(2);
  return DECIMAL.format(value);
}

const INTEGER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const DECIMAL = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

/** For an axis: `1.2M`. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return value.toExponential(0);
  return size < 1000 ? DECIMAL.format(value) : COMPACT.format(value).replace("K", "k");
}

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

const BYTE_UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** `12.3 MB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes === 1) return "1 byte";
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `830 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${ms < 9.95 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `1 worker`, `2 workers`. */
export function counted(count: number, noun: string): string {
  return countedAs(count, noun, formatNumber);
}
