import { cpus, totalmem } from "node:os";
import type { SideResult } from "./benchmark.ts";
import type { Row } from "./run-benchmark.ts";

const HEADINGS = ["", "work", "ours", "theirs", "ratio", "target", "met"];

/** The rows as a Markdown table. */
export function formatTable(rows: readonly Row[], { quick }: { quick: boolean }): string {
  const cells = rows.map((row) => [
    row.name,
    row.work,
    formatSide(row.ours),
    row.theirs === undefined ? "–" : `${row.theirs.label}: ${formatSide(row.theirs)}`,
    row.verdict.figure,
    row.target,
    // Small data only show that everything works: their times are start-up, and have no target.
    quick ? "–" : row.verdict.met ? "yes" : "no",
  ]);
  const table = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, column) =>
    Math.max(3, ...table.map((line) => (line[column] ?? "").length)),
  );
  const lines = table.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  const notes = rows.flatMap(notesOf);
  if (quick) {
    notes.push("Quick: small data to see that all works. The times say nothing about the targets.");
  }
  return [...lines, ...(notes.length === 0 ? [] : [""]), ...notes, ""].join("\n");
}

function notesOf(row: Row): string[] {
  const records = row.forTheRecord.map(
    (side) => `${row.name}, for the record: ${side.label} ${formatSide(side)}`,
  );
  return row.note === undefined ? records : [...records, row.note];
}

function formatSide({ medianSeconds, peakBytes }: SideResult): string {
  const memory = peakBytes === undefined ? "" : `, ${(peakBytes / 2 ** 20).toFixed(0)} MiB`;
  const digits = medianSeconds < 10 ? 2 : 1;
  return `${medianSeconds.toFixed(medianSeconds < 1 ? 3 : digits)} s${memory}`;
}

/** The properties of the machine that matter for the numbers, without names of hosts, users or paths. */
export function machineFacts(): Record<string, number | string> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}
