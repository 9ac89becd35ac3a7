/**
 * Whether a test is skipped because this machine lacks something that can be installed or set up. Titles of such tests
 * name what they need. With `TSMR_TEST_ALL=1`, as in CI, such a test fails instead.
 *
 * @param lack what is missing, such as `there is no zsh`; undefined if nothing is
 * @throws Error with `TSMR_TEST_ALL=1` if something is missing
 */
export function isSkippedFor(lack: string | undefined): boolean {
  if (lack === undefined) return false;
  if (process.env["TSMR_TEST_ALL"] !== "1") return true;
  throw new Error(`${lack}, and TSMR_TEST_ALL=1 lets no test be skipped for that`);
}
