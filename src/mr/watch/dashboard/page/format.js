/** Numbers for people. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SIZES = ["", "k", "M", "G", "T", "P"];

/**
 * @param {number} value
 * @returns {string} such as `9,481`, `12.3 k` or `4.56 M`
 */
export function formatCount(value) {
  if (Math.abs(value) < 10_000) return GROUPED.format(Math.round(value));
  return scaled(value, "");
}

/**
 * @param {number} value
 * @returns {string} such as `12,345,678`
 */
export function formatExact(value) {
  return Number.isInteger(value) ? GROUPED.format(value) : String(value);
}

/**
 * @param {number} count
 * @param {string} noun whose plural has an s
 * @param {(count: number) => string} format how the number is written
 * @returns {string} such as `1 task` or `2 tasks`
 */
export function counted(count, noun, format = formatExact) {
  return `${format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * @param {number} bytes
 * @returns {string} such as `812 B`, `12.3 kB` or `4.56 MB`: units are powers of 1000
 */
export function formatBytes(bytes) {
  return Math.abs(bytes) < 1000 ? `${Math.round(bytes)} B` : scaled(bytes, "B");
}

/**
 * @param {number} ms
 * @returns {string} such as `42 ms`, `3.2 s`, `4 min 05 s` or `2 h 07 min`
 */
export function formatDuration(ms) {
  if (ms < 995) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/**
 * Where lines across a chart should be, so that their labels are round.
 *
 * @param {number} max end of the axis, which begins at 0
 * @param {number} most how many there may be besides 0
 * @returns {number} distance between two of them
 */
export function niceStep(max, most) {
  if (!(max > 0)) return 1;
  const rough = max / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

const TIME_STEPS_S = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200,
  86_400,
];

/**
 * @param {number} maxMs end of the axis, which begins at 0
 * @param {number} most how many lines there may be besides 0
 * @returns {number} distance between two of them, in milliseconds
 */
export function niceTimeStep(maxMs, most) {
  const step = TIME_STEPS_S.find((seconds) => maxMs / (seconds * 1000) <= most);
  return (step ?? niceStep(maxMs / 1000, most)) * 1000;
}

/**
 * @param {number} ms
 * @returns {string} short, for an axis: `0.5 s`, `12 s`, `3:20`, `1:02:00`
 */
export function formatTick(ms) {
  const seconds = Math.round(ms / 100) / 10;
  if (seconds < 60) return `${seconds} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours === 0) return `${minutes}:${pad(whole % 60)}`;
  return `${hours}:${pad(minutes)}:${pad(whole % 60)}`;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function scaled(value, unit) {
  let [size, rest] = [0, value];
  while (Math.abs(rest) >= 999.5 && size < SIZES.length - 1) {
    rest /= 1000;
    size += 1;
  }
  const digits = Math.abs(rest) < 10 ? 2 : Math.abs(rest) < 100 ? 1 : 0;
  return `${rest.toFixed(digits)} ${SIZES[size]}${unit}`.trim();
}

/** @param {number} number */
function pad(number) {
  return String(number).padStart(2, "0");
}
