/**
 * `1 worker`, `2 workers`.
 *
 * @param noun whose plural has an s
 * @param format how the number is written
 */
export function counted(count: number, noun: string, format: (count: number) => string = String) {
  return `${format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
