import type { OutputLine } from "./output-survey.ts";

/** The number that is shown of each line of an output, and its key. */
export interface Measure {
  /** The name of the number, such as `value` or `value.count`. */
  readonly label: string;
  /** Whether the number is a length in bytes, because the output has no numbers. */
  readonly isLength?: true;
  /** The number of a line; undefined if it has none. */
  readonly numberOf: (line: OutputLine) => number | undefined;
  readonly keyOf: (line: OutputLine) => string;
}

const SPACE = 32;
const TAB = 9;
/** Keys are only displayed, and cut to this length. */
const MAX_KEY_BYTES = 2000;
const NUMBER = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/;
/** The share of lines that must have the number. */
const ENOUGH = 0.95;

/**
 * Chooses the number to show from a sample of lines: the value if it is a number; else the first number in
 * it, a column or a field; else its length.
 */
export function chooseMeasure(sample: readonly OutputLine[]): Measure {
  const candidates = isMostly(sample, ({ bytes }) => bytes.toString("latin1", 0, 7) === '{"key":')
    ? jsonMeasures(sample)
    : isMostly(sample, ({ bytes }) => bytes.includes(TAB))
      ? columnMeasures(sample)
      : textMeasures(sample);
  const fits = candidates.find(({ numberOf }) => {
    return isMostly(sample, (line) => numberOf(line) !== undefined);
  });
  return fits ?? lengthAfter(SPACE);
}

function isMostly<T>(items: readonly T[], is: (item: T) => boolean): boolean {
  return items.length > 0 && items.filter(is).length >= ENOUGH * items.length;
}

function textMeasures(sample: readonly OutputLine[]): Measure[] {
  const value = {
    label: "value",
    numberOf: ({ bytes }: OutputLine) => parse(bytes, bytes.lastIndexOf(SPACE) + 1, bytes.length),
    keyOf: ({ bytes }: OutputLine) => text(bytes, 0, Math.max(0, bytes.lastIndexOf(SPACE))),
  };
  const keyOf = keyBefore(SPACE);
  // The lab's indexer writes the number of files first, then their names.
  const first = {
    label: "first number of the value",
    numberOf: ({ bytes }: OutputLine) => {
      const start = bytes.indexOf(SPACE) + 1;
      const end = bytes.indexOf(SPACE, start);
      return start === 0 || end === -1 ? undefined : parse(bytes, start, end);
    },
    keyOf,
  };
  const json = fieldMeasures(sample, keyOf, ({ bytes }) => {
    const start = bytes.indexOf(SPACE) + 1;
    return start > 0 && /[[{]/.test(String.fromCharCode(bytes[start] ?? 0))
      ? parseJson(bytes.toString("utf8", start))
      : undefined;
  });
  return [value, first, ...json, lengthAfter(SPACE)];
}

function columnMeasures(sample: readonly OutputLine[]): Measure[] {
  const columns = Math.max(
    ...sample.map(({ bytes }) => bytes.filter((byte) => byte === TAB).length),
  );
  const keyOf = keyBefore(TAB);
  const measures = Array.from({ length: Math.min(columns, 20) }, (_, at) => ({
    label: columns === 1 ? "value" : `column ${at + 2}`,
    numberOf: ({ bytes }: OutputLine) => {
      let start = 0;
      for (let skipped = 0; skipped <= at; skipped++) {
        start = bytes.indexOf(TAB, start) + 1;
        if (start === 0) return undefined;
      }
      const end = bytes.indexOf(TAB, start);
      return parse(bytes, start, end === -1 ? bytes.length : end);
    },
    keyOf,
  }));
  return [...measures, lengthAfter(TAB)];
}

function jsonMeasures(sample: readonly OutputLine[]): Measure[] {
  const partOf = (line: OutputLine, name: "key" | "value") => {
    return memberOf(parseJson(line.bytes.toString("utf8")), name);
  };
  const keyOf = (line: OutputLine) => String(partOf(line, "key") ?? "");
  const partOfValue = (line: OutputLine) => partOf(line, "value");
  const whole: Measure = {
    label: "length of the line in bytes",
    isLength: true,
    numberOf: ({ length }) => length,
    keyOf,
  };
  return [...fieldMeasures(sample, keyOf, partOfValue), whole];
}

/** Measures of JSON values: the value, a field or an element that is a number, the number of elements. */
function fieldMeasures(
  sample: readonly OutputLine[],
  keyOf: Measure["keyOf"],
  partOfValue: (line: OutputLine) => unknown,
): Measure[] {
  const measure = (label: string, numberOf: (value: unknown) => unknown): Measure => ({
    label,
    keyOf,
    numberOf: (line) => {
      const number = numberOf(partOfValue(line));
      return typeof number === "number" && Number.isFinite(number) ? number : undefined;
    },
  });
  const first = sample
    .map(partOfValue)
    .find((value) => typeof value === "object" && value !== null);
  const fields = Object.keys(first ?? {}).slice(0, 20);
  return [
    measure("value", (value) => value),
    ...fields.map((name) => {
      const label = Array.isArray(first) ? `value[${name}]` : `value.${name}`;
      return measure(label, (value) => memberOf(value, name));
    }),
    measure("number of elements", (value) => (Array.isArray(value) ? value.length : undefined)),
  ];
}

function lengthAfter(separator: number): Measure {
  return {
    label: "length of the value in bytes",
    isLength: true,
    numberOf: ({ bytes, length }) => length - bytes.indexOf(separator) - 1,
    keyOf: keyBefore(separator),
  };
}

function keyBefore(separator: number): Measure["keyOf"] {
  return ({ bytes }) => {
    const end = bytes.indexOf(separator);
    return text(bytes, 0, end === -1 ? bytes.length : end);
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("utf8", start, Math.min(end, start + MAX_KEY_BYTES));
}

function parse(bytes: Buffer, start: number, end: number): number | undefined {
  const length = end - start;
  if (length < 1 || length > 40) return undefined;
  // Most outputs are counts, and there may be millions of them.
  let whole = 0;
  let at = start;
  while (at < end && length <= 15) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    whole = whole * 10 + digit;
    at += 1;
  }
  if (at === end) return whole;
  const digits = bytes.toString("latin1", start, end);
  if (!NUMBER.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON, or cut short.
    return undefined;
  }
}
