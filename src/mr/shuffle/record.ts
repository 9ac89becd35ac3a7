/**
 * One line of an `mr-X-Y` file: a key with values emitted for it. The grammar, with an example, is in
 * docs/formats.md:
 *
 *     line  = "[" key 1*( "," count "," value ) "]" LF
 *
 * `count` says how many times in a row `value` was emitted, so ten thousand times "1" is one short
 * line. A JSON text without line breaks is a whole record, and a line is a whole JSON text.
 */

/** Values are gathered into lines of about this many, so that one line always fits in memory. */
const MAX_RUNS_PER_LINE = 4096;

/** The lines of one key, each with its line feed. */
export function encodeGroup(key: string, values: readonly string[]): string {
  const encodedKey = JSON.stringify(key);
  let lines = "";
  let line = `[${encodedKey}`;
  let runs = 0;
  for (let start = 0; start < values.length; ) {
    const value = values[start] ?? "";
    let end = start + 1;
    while (end < values.length && values[end] === value) end += 1;
    if (runs === MAX_RUNS_PER_LINE) {
      lines += `${line}]\n`;
      line = `[${encodedKey}`;
      runs = 0;
    }
    line += `,${end - start},${JSON.stringify(value)}`;
    runs += 1;
    start = end;
  }
  return `${lines}${line}]\n`;
}

/** A decoded line. */
export interface RecordGroup {
  readonly key: string;
  readonly values: string[];
}

/**
 * Decodes one line.
 *
 * @param line without its line feed
 * @throws SyntaxError when the line does not follow the grammar
 */
export function decodeGroup(line: string): RecordGroup {
  const parts: unknown = JSON.parse(line);
  if (!Array.isArray(parts) || parts.length < 3 || parts.length % 2 !== 1) throw malformed();
  const key: unknown = parts[0];
  if (typeof key !== "string") throw malformed();
  const values: string[] = [];
  for (let index = 1; index < parts.length; index += 2) {
    const count: unknown = parts[index];
    const value: unknown = parts[index + 1];
    if (!Number.isSafeInteger(count) || Number(count) < 1 || typeof value !== "string") {
      throw malformed();
    }
    for (let left = Number(count); left > 0; left--) values.push(value);
  }
  return { key, values };
}

function malformed(): SyntaxError {
  return new SyntaxError("not a record of a key and counted values");
}
