/**
 * The apps that come with the package, with what each computes. Their files are compiled when it is
 * built, and have no comments then; a test compares this list with them.
 */
export const SHIPPED_APPS: ReadonlyArray<readonly [name: string, summary: string]> = [
  ["wc", "how often each word occurs"],
  ["indexer", "in which documents each word occurs"],
];

/** Those that test a system rather than compute something. */
export const TEST_APPS: ReadonlyArray<readonly [name: string, summary: string]> = [
  ["mtiming", "whether map tasks run in parallel"],
  ["rtiming", "whether reduce tasks run in parallel"],
  ["jobcount", "how often each map task is run"],
  ["early_exit", "whether anybody ends before the output is complete"],
  ["crash", "an app that often kills its worker, or delays it"],
  ["nocrash", "the same without the crashes"],
];
