import type { FaultKind } from "./faults.ts";
import type { Report } from "./run-one.ts";

/** One line about a job. */
export function describeReport(report: Report): string {
  const { number, elapsedMs, shape, faults, causes, resumptions, problem } = report;
  const verdict = problem === undefined ? "exact" : "WRONG";
  const seconds = `${(elapsedMs / 1000).toFixed(1)} s`.padStart(7);
  const done = [...faults].map(([kind, count]) => (count === 1 ? kind : `${count} × ${kind}`));
  const parts = [`job ${number}`.padEnd(8), verdict, seconds, ` ${shape}`];
  parts.push(`| ${done.join(", ") || "no faults"}`);
  if (resumptions > 0) parts.push(`| resumed ${resumptions} ×`);
  if (causes.length > 0) parts.push(`after: ${causes.join(", ")}`);
  return parts.join(" ");
}

/** The sums over all jobs, a line each. */
export function summarize(reports: readonly Report[], elapsedMs: number): string {
  const faults = new Map<FaultKind, number>();
  const causes = new Map<string, number>();
  for (const report of reports) {
    for (const [kind, count] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
    for (const cause of report.causes) causes.set(cause, (causes.get(cause) ?? 0) + 1);
  }
  const exact = reports.filter(({ problem }) => problem === undefined).length;
  const refusal = reports.find(({ diskRefusal }) => diskRefusal !== undefined)?.diskRefusal;
  const failures = sumOf(causes);
  return [
    `${reports.length} jobs in ${(elapsedMs / 60_000).toFixed(1)} minutes`,
    `faults: ${sumOf(faults)} (${list(faults)})`,
    `coordinators that failed with a named cause and were resumed: ${failures} (${list(causes)})`,
    `resumptions: ${reports.reduce((sum, { resumptions }) => sum + resumptions, 0)}`,
    `exact, with no process, temporary file or socket left: ${exact} of ${reports.length}`,
    ...(refusal === undefined ? [] : [`no disk was filled: ${refusal}`]),
  ].join("\n");
}

function sumOf(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function list(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`);
  return parts.join(", ") || "none";
}
