/** `1.5 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A duration that is only estimated, as roughly as it is known: `5 s`, `40 s`, `3 min`, `2 h 10 min`. */
export function formatEstimate(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 10) return `${Math.max(1, seconds)} s`;
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${Math.floor((minutes % 60) / 10) * 10} min`;
}

/** `999`, `12.3k`, `4.56M`, `7.89G`: three digits. */
export function formatCount(count: number): string {
  return scale(count, 1000, ["", "k", "M", "G", "T"]);
}

/** `999 B`, `12.3 KB`, `4.56 MB`; units are powers of 1024, as in the options. */
export function formatBytes(bytes: number): string {
  return scale(bytes, 1024, [" B", " KB", " MB", " GB", " TB"]);
}

function scale(amount: number, step: number, units: readonly string[]): string {
  let scaled = amount;
  let unit = 0;
  // What would be rounded to the next unit's first number is written in that unit.
  while (scaled >= Math.min(999.5, step) && unit < units.length - 1) {
    scaled /= step;
    unit += 1;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)}${units[unit] ?? ""}`;
}
