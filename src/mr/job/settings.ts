/** The values of environment variables that an app asked for, by name; null for those that are not set. */
export type Settings = Readonly<Record<string, string | null>>;

/**
 * Where two settings of one app differ.
 *
 * @returns the first difference as two phrases, such as `GREP="a"` and `no GREP`; undefined for none
 */
export function differenceOf(
  ours: Settings,
  theirs: Settings,
): { readonly ours: string; readonly theirs: string } | undefined {
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [mine, other] = [ours[name] ?? null, theirs[name] ?? null];
    if (mine !== other) return { ours: phrase(name, mine), theirs: phrase(name, other) };
  }
  return undefined;
}

function phrase(name: string, value: string | null): string {
  return value === null ? `no ${name}` : `${name}=${JSON.stringify(value)}`;
}
