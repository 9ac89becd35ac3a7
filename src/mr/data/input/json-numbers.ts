const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const LOWER_E = 0x65;

/** Up to 15 digits, a decimal number is the only one of that length that its double stands for. */
const MAX_EXACT_DIGITS = 15;
/** The exponents of the largest and the smallest double have three digits. */
const MIN_EXPONENT_DIGITS = 3;
const MAX_EXACT_INTEGER = 2 ** 53;
/** Programs print doubles with up to 17 significant digits, such as 0.29999999999999999 for 0.3. */
const MAX_PRINTED_DIGITS = 17;
/** The smallest double of full precision. */
const MIN_NORMAL = 2 ** -1022;
/** The most digits that `toPrecision` prints. */
const MAX_PRECISION = 100;
const ZERO = 0x30;

/** A number in a JSON text, as text[start, end). */
export interface JsonNumber {
  readonly start: number;
  readonly end: number;
}

/**
 * Whether bytes[start, end) may contain a number that {@link inexactNumbers} finds. It looks at every third byte
 * first, since such numbers have three characters in a row of which this one is.
 */
export function mayHaveInexactNumbers(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 2; at < end; at += MIN_EXPONENT_DIGITS) {
    if (!isDigitOrDot(bytes[at])) continue;
    let from = at;
    while (from > start && isDigitOrDot(bytes[from - 1])) from -= 1;
    let to = at + 1;
    while (to < end && isDigitOrDot(bytes[to])) to += 1;
    if (to - from > MAX_EXACT_DIGITS) return true;
    if (to - from >= MIN_EXPONENT_DIGITS && isExponent(bytes, from)) return true;
    at = to;
  }
  return false;
}

function isDigitOrDot(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || byte === DOT);
}

/** Whether the digits from `from` on are an exponent. */
function isExponent(bytes: Uint8Array, from: number): boolean {
  const sign = bytes[from - 1];
  const at = sign === PLUS || sign === MINUS ? from - 2 : from - 1;
  return ((bytes[at] ?? 0) | 0x20) === LOWER_E && isDigitOrDot(bytes[at - 1]);
}

/**
 * The numbers of a JSON text that a double can't stand for: numbers from 2^53 on, with or without an exponent, whose
 * digits would change; numbers that would become infinite or 0; and numbers below 2^53 that are not their double,
 * rounded to as many significant digits as they have, or that have more than 17, which no program prints of a double.
 *
 * @param text valid JSON
 */
export function inexactNumbers(text: string): JsonNumber[] {
  const found: JsonNumber[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isDigitOrDot(code) || code === MINUS) {
      at += 1;
      while (isNumberPart(text.charCodeAt(at))) at += 1;
      if (!isKept(text.slice(start, at))) found.push({ start, end: at });
    } else at += 1;
  }
  return found;
}

function isNumberPart(code: number): boolean {
  return isDigitOrDot(code) || code === PLUS || code === MINUS || (code | 0x20) === LOWER_E;
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text[before - 1] === "\\") before -= 1;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return text.length;
}

function isKept(number: string): boolean {
  const value = Number(number);
  if (!Number.isFinite(value)) return false;
  if (value === 0) return significantDigits(number) === 0;
  const size = Math.abs(value);
  if (size < MAX_EXACT_INTEGER) {
    return (number.length <= MAX_EXACT_DIGITS && size >= MIN_NORMAL) || isPrinted(number, value);
  }
  // Only one decimal number has the digits that JavaScript prints of a double, so no two numbers become equal.
  return digitsOf(number) === digitsOf(String(value));
}

/** Whether a program that prints the double `value` with a fixed number of significant digits may print `number`. */
function isPrinted(number: string, value: number): boolean {
  const count = significantDigits(number);
  if (count <= MAX_EXACT_DIGITS && Math.abs(value) >= MIN_NORMAL) return true;
  if (count > MAX_PRINTED_DIGITS) return false;
  const digits = digitsOf(number);
  if (digits === digitsOf(value.toPrecision(count))) return true;
  // C rounds a double halfway between two decimals to the even one, JavaScript to the larger one.
  return `${digits}5` === digitsOf(value.toPrecision(MAX_PRECISION));
}

/** How many digits {@link digitsOf} finds. */
function significantDigits(number: string): number {
  let count = 0;
  let zeros = 0;
  for (let at = 0; at < number.length; at++) {
    const code = number.charCodeAt(at);
    if ((code | 0x20) === LOWER_E) break;
    if (code === DOT || code === MINUS) continue;
    if (code === ZERO) zeros += count > 0 ? 1 : 0;
    else {
      count += zeros + 1;
      zeros = 0;
    }
  }
  return count;
}

/** The digits of a number without its exponent, and without zeros at either end. */
function digitsOf(number: string): string {
  const digits = (/^[^eE]*/.exec(number)?.[0] ?? "").replace(/[-.]/g, "");
  let start = 0;
  let end = digits.length;
  while (digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  return digits.slice(start, end);
}
