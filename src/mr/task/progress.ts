/** Where a task says how far it has come, for the lease to be renewed. */
export interface ProgressMeter {
  addRecords(count: number): void;
  addBytes(count: number): void;
}
