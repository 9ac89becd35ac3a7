/**
 * Quantities as people read them: on a terminal, on the dashboard's page, and in reports. This is
 * JavaScript because browsers load it as it is.
 */

const UNITS = ["", "k", "M", "G", "T", "P"];

/** Such as `812 B`, `12.3 kB` or `4.56 MB`: units are powers of 1000. @param {number} bytes */
export function formatBytes(bytes) {
  return scaled(bytes, " ", "B");
}

/** Such as `9,481`, `12.3k` or `4.56M`. @param {number} count */
export function formatCount(count) {
  return Math.abs(count) < 10_000 ? formatNumber(Math.round(count)) : scaled(count, "", "");
}

/** Such as `1,234,567`, or fewer digits of a fraction: `0.0123`. @param {number} value */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e15 || (size !== 0 && size < 1e-4)) return value.toExponential(2);
  return value.toLocaleString(
    "en-US",
    Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 },
  );
}

/**
 * @param {number} count
 * @param {string} noun whose plural ends in s
 * @param {(count: number) => string} format
 * @returns {string} such as `1 task` or `2,000 tasks`
 */
export function counted(count, noun, format = formatNumber) {
  return `${format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * @param {number} ms
 * @returns {string} such as `0.3 ms`, `830 ms`, `1.23 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min` or `2 d 8 h`
 */
export function formatDuration(ms) {
  if (ms < 999.5) return `${ms < 9.95 ? Number(Math.max(0, ms).toFixed(1)) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * A duration that a terminal shows while it grows: from 10 s on, it changes once a second. Such as `1.5 s`, `42 s`, `3 min 20 s` or `2 h 5 min`.
 *
 * @param {number} ms
 */
export function formatElapsed(ms) {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * An estimated duration, as precise as estimates are. Such as `5 s`, `40 s`, `3 min` or `2 h 10 min`.
 *
 * @param {number} ms
 */
export function formatEstimate(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 10) return `${Math.max(1, seconds)} s`;
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${Math.floor((minutes % 60) / 10) * 10} min`;
}

/**
 * The distance between ticks of an axis.
 *
 * @param {number} range end of the axis minus its beginning
 * @param {number} count how many ticks there may be, besides the first
 * @returns {number} 1, 2 or 5 times a power of ten
 */
export function niceStep(range, count) {
  if (!(range > 0)) return 1;
  const rough = range / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
}

/** @param {number} number */
export function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/**
 * @param {number} amount
 * @param {string} space between number and unit
 * @param {string} unit
 */
function scaled(amount, space, unit) {
  let [size, rest] = [0, amount];
  // An amount that would be rounded to 1000 of a unit is written in the next one.
  while (Math.abs(rest) >= 999.5 && size < UNITS.length - 1) {
    rest /= 1000;
    size += 1;
  }
  const digits = size === 0 || Math.abs(rest) >= 99.95 ? 0 : Math.abs(rest) >= 9.995 ? 1 : 2;
  return `${rest.toFixed(digits)}${space}${UNITS[size]}${unit}`;
}
