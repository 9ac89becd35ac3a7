/** The values of environment variables that an app asked for, by name; null for those that are not set. */
export type Settings = Readonly<Record<string, string | null>>;

/** The name of a setting whose values differ; undefined if all are equal. */
export function differenceOf(one: Settings, other: Settings): string | undefined {
  const names = [...Object.keys(one), ...Object.keys(other)];
  return names.find((name) => (one[name] ?? null) !== (other[name] ?? null));
}
