import { createRequire } from "node:module";
import { Readable } from "node:stream";
import type { CsvError, Info, Parser } from "csv-parse";
import type { InputSource, Reader, ReadOptions, RecordCursor } from "../app/reader.ts";
import { describeCause, MrError } from "../errors.ts";
import { MAX_RECORD_BYTES } from "./limits.ts";
import { chunksOf } from "./records-from.ts";

/** How CSV files are read. */
export interface CsvOptions {
  /** The character (or characters) between fields, `,` unless told. */
  readonly delimiter?: string;
  /** Whether the first row names the columns; true unless told. */
  readonly header?: boolean;
}

/** A row by the names of its columns. */
export type CsvRow = Readonly<Record<string, string>>;

/**
 * Records are rows of CSV (RFC 4180) as text: fields may be quoted, and then hold delimiters, doubled
 * quotes and line breaks. Since only the quotes before it tell whether a line break ends a row, large
 * files are looked through once before they are split. A byte order mark is left out; bytes that are not
 * UTF-8 become U+FFFD.
 *
 * - `csv({ column: "text" })`: the records are the fields of this column, as strings;
 * - `csv({ columns: ["id", "text"] })`: objects of these columns;
 * - `csv()`: objects of all columns;
 * - `csv({ header: false })`: arrays of fields; a `column` is then a number from 0 on.
 *
 * A row with more or fewer fields than the first, a quote out of place, or a column that the header
 * lacks is an error that names file, line and column. Of these, only a row with more or fewer fields can
 * be skipped as a bad record: behind a quote out of place nobody knows where rows end.
 */
export function csv(options: CsvOptions & { readonly column: string | number }): Reader<string>;
export function csv<const C extends string>(
  options: CsvOptions & { readonly columns: readonly C[] },
): Reader<Readonly<Record<C, string>>>;
export function csv(options: CsvOptions & { readonly header: false }): Reader<readonly string[]>;
export function csv(options?: CsvOptions): Reader<CsvRow>;
export function csv(options: AllOptions = {}): Reader<unknown> {
  const { delimiter = "," } = options;
  return {
    name: "csv()",
    splitting: canBeScanned(delimiter) ? { csvDelimiter: delimiter } : "wholeFile",
    open: (source, readOptions) => new CsvCursor(source, readOptions, options),
  };
}

interface AllOptions extends CsvOptions {
  readonly column?: string | number;
  readonly columns?: readonly string[];
}

/** Codes of the parser's errors about quotes, one of which it names without a prefix. */
const QUOTE_ERRORS: ReadonlySet<string> = new Set([
  "INVALID_OPENING_QUOTE",
  "CSV_INVALID_CLOSING_QUOTE",
  "CSV_QUOTE_NOT_CLOSED",
]);

/** What the parser gives: the fields of a row, and where it ended. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: Info;
}

class CsvCursor implements RecordCursor<unknown> {
  offset = 0;
  skipped = 0;
  readonly #file: string;
  readonly #options: AllOptions;
  readonly #parser: Parser;
  readonly #bytes: Readable;
  #convert: ((fields: readonly string[]) => unknown) | undefined;
  readonly #csv: InputSource["csv"];
  readonly #start: number;
  #line = 1;
  #nextLine = 1;
  #nextOffset = 0;
  /** What is wrong, where it is not with one row alone. */
  #fatal: CsvError | undefined;

  constructor(source: InputSource, readOptions: ReadOptions, options: AllOptions) {
    const { skipBadRecords, onSkipped } = readOptions;
    this.#file = source.file;
    this.#csv = source.csv;
    this.#start = source.start;
    this.#options = options;
    // Only apps that read CSV pay for the parser.
    const { parse } = createRequire(import.meta.url)("csv-parse") as typeof import("csv-parse");
    this.#parser = parse({
      bom: true,
      info: true,
      delimiter: options.delimiter ?? ",",
      max_record_size: MAX_RECORD_BYTES,
      skip_records_with_error: skipBadRecords,
    });
    this.#parser.on("skip", (error: CsvError | undefined) => {
      if (error !== undefined && this.#cannotGoOnAfter(error)) {
        this.#fatal ??= error;
        return;
      }
      this.skipped += 1;
      const { line, column, why } = this.#describe(error ?? new Error("it is malformed"));
      onSkipped?.(`line ${line}, column ${column}`, why);
    });
    // Errors may come while nobody waits; `load` finds them.
    this.#parser.on("error", () => undefined);
    this.#bytes = Readable.from(rowsOf(source), { objectMode: false });
    this.#bytes.on("error", (error) => this.#parser.destroy(error));
    this.#bytes.pipe(this.#parser);
    // Whoever reads on in the middle of a file is given its first row even so, and leaves it out.
    const isFirstData = options.header === false && source.csv === undefined;
    if (isFirstData) this.#convert = this.#converter(undefined);
  }

  get place(): string {
    return `line ${this.#line}`;
  }

  next(): unknown {
    for (;;) {
      const row = this.#parser.read() as ParsedRow | null;
      if (row === null) return undefined;
      this.offset = this.#nextOffset;
      this.#line = this.#nextLine;
      this.#nextOffset = this.#offsetOf(row.info.bytes);
      this.#nextLine = this.#lineOf(row.info.lines + 1);
      if (this.#convert !== undefined) return this.#convert(row.record);
      const hasHeader = this.#options.header !== false;
      this.#convert = this.#converter(hasHeader ? row.record : undefined);
    }
  }

  async load(): Promise<boolean> {
    const parser = this.#parser;
    for (;;) {
      if (this.#fatal !== undefined) throw this.#malformed(this.#fatal);
      if (parser.readableLength > 0) return true;
      if (parser.readableEnded) return false;
      if (parser.errored !== null) throw this.#malformed(parser.errored);
      await new Promise<void>((resolve) => {
        const wake = () => {
          for (const event of ["readable", "end", "error"]) parser.off(event, wake);
          resolve();
        };
        for (const event of ["readable", "end", "error"]) parser.on(event, wake);
      });
    }
  }

  close(): void {
    this.#bytes.destroy();
    this.#parser.destroy();
  }

  /**
   * Whether more than a row is lost. Behind a quote out of place nobody knows where rows end: the parser
   * takes what follows, to the end of the file if need be, for one field. And the first row gives all
   * others their meaning.
   */
  #cannotGoOnAfter({ code, ...context }: CsvError): boolean {
    const { records } = context as { readonly records?: unknown };
    const isHeader = this.#options.header !== false && records === 0;
    return isHeader || QUOTE_ERRORS.has(code);
  }

  /** Where in the file the parser is, which has been given the first row and then the split. */
  #offsetOf(bytes: number): number {
    return this.#csv === undefined ? bytes : bytes - this.#csv.headEnd + this.#start;
  }

  #lineOf(line: number): number {
    return line + (this.#csv?.lines ?? 0);
  }

  /** What becomes of the fields of a row, given those of the header. */
  #converter(header: readonly string[] | undefined): (fields: readonly string[]) => unknown {
    const { column, columns } = this.#options;
    if (column !== undefined) {
      const index = this.#indexOf(column, header);
      return (fields) => {
        const field = fields[index];
        if (field === undefined) throw this.#error(1, `the row has no column ${column}`);
        return field;
      };
    }
    if (header === undefined) return (fields) => fields;
    const names = columns ?? header;
    const indexes = names.map((name) => this.#indexOf(name, header));
    // `fromEntries` makes an ordinary property even of the name `__proto__`.
    return (fields) =>
      Object.fromEntries(names.map((name, i) => [name, fields[indexes[i] ?? 0] ?? ""]));
  }

  #indexOf(column: string | number, header: readonly string[] | undefined): number {
    if (typeof column === "number") return column;
    const index = header?.indexOf(column) ?? -1;
    if (index >= 0) return index;
    const names = header?.map((name) => JSON.stringify(name)).join(", ") ?? "no header";
    throw this.#error(1, `there is no column ${JSON.stringify(column)} (${names})`);
  }

  #malformed(error: Error): Error {
    if (error instanceof MrError) return error;
    const { line, column, why } = this.#describe(error);
    this.#line = line;
    return this.#error(column, why);
  }

  /** What the parser says is wrong, and where. */
  #describe(error: Error): { line: number; column: number; why: string } {
    const { lines, column } = error as Partial<CsvError> & Record<string, unknown>;
    const why = describeCause(error).replace(/ (on|at) line \d+.*$/, "");
    const line = typeof lines === "number" ? this.#lineOf(lines) : this.#line;
    return { line, column: typeof column === "number" ? column + 1 : 1, why };
  }

  #error(column: number, why: string): MrError {
    return new MrError(
      `Cannot read input "${this.#file}": line ${this.#line}, column ${column}: ${why}`,
    );
  }
}

/** Whether the ends of rows can be found without the parser. */
function canBeScanned(delimiter: string): boolean {
  return delimiter !== "" && !/["\r\n]/.test(delimiter);
}

/** The bytes of the split, after those of the file's first row if the split begins further on. */
async function* rowsOf(source: InputSource): AsyncGenerator<Uint8Array> {
  const { csv, start, end } = source;
  if (csv !== undefined) yield* chunksOf(source, 0, csv.headEnd);
  yield* chunksOf(source, start, end);
}
