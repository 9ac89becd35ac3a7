import type { ResumeToken } from "../../job/split.ts";

/** What it takes to read a CSV file on from the end of one of its rows. */
export interface CsvResumption {
  /**
   * Where the first row ends that is neither empty nor damaged, in bytes: it names the columns and tells
   * how many there are.
   */
  readonly headEnd: number;
  /** How many line breaks there are between the end of that row and the start of the split. */
  readonly lines: number;
}

/** The token of a split: `HEAD_END:LINES`. */
export function encodeCsvResumption({ headEnd, lines }: CsvResumption): ResumeToken {
  return `${headEnd}:${lines}`;
}

/** @throws Error for what is no token of {@link encodeCsvResumption} */
export function decodeCsvResumption(token: ResumeToken): CsvResumption {
  const [, headEnd, lines] = /^(\d{1,15}):(\d{1,15})$/.exec(token) ?? [];
  if (headEnd === undefined) throw new Error(`A split of a CSV file has the token "${token}"`);
  return { headEnd: Number(headEnd), lines: Number(lines) };
}
