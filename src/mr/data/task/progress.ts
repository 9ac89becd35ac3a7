/**
 * Where a task says how far it has come, for the lease to be renewed.
 *
 * Either may throw an MrError, when nobody wants what the task makes any more: it then ends at once.
 */
export interface ProgressMeter {
  addRecords(count: number): void;
  addBytes(count: number): void;
}
