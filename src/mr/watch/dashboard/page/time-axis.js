import { niceStep, twoDigits } from "./quantities.js";

const TIME_STEPS_S = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200,
  86_400,
];

/**
 * @param {number} maxMs end of the axis, which begins at 0
 * @param {number} maxLines the largest number of lines besides the one at 0
 * @returns {number} distance between two of them, in milliseconds
 */
export function niceTimeStep(maxMs, maxLines) {
  const step = TIME_STEPS_S.find((seconds) => maxMs / (seconds * 1000) <= maxLines);
  return (step ?? niceStep(maxMs / 1000, maxLines)) * 1000;
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
  if (hours === 0) return `${minutes}:${twoDigits(whole % 60)}`;
  return `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`;
}
