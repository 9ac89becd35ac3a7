import type { InputSource, Reader, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import { MrError, UsageError } from "../../base/errors.ts";
import { plural } from "../../base/text.ts";
import { shorten } from "../../base/thrown.ts";
import { DEFAULT_ROW_BYTES, MAX_RECORD_BYTES } from "../../job/limits.ts";
import { type CsvFault, CsvRows } from "./csv-rows.ts";
import { CsvScanner, isQuote } from "./csv-scanner.ts";
import { type TextOptions, textInput } from "./encoding.ts";
import { type CsvResumption, decodeCsvResumption } from "./plan-csv-splits.ts";

/** The limit of a message with the names of columns, in characters: those of a file that is no CSV may be long. */
const MAX_REASON = 500;

/** How CSV files are read. */
export interface CsvOptions extends TextOptions {
  /** The character (or characters) between fields, not a quote or a line break. Default `,`. */
  readonly delimiter?: string;
  /**
   * The ASCII character around fields that contain delimiters, line breaks or this character, which is then
   * doubled. `false` (or `null`, `""` or `"none"`): fields are not quoted, and quotes are characters like
   * others, as in the TSV that databases export. Default `"`.
   */
  readonly quote?: string | false | null;
  /** Whether the first row names the columns. Default true. */
  readonly header?: boolean;
  /**
   * How long a row may be, in bytes of UTF-8 without its line break: 1 to 536,870,888. A longer one counts
   * as damaged, and a quote that is never closed takes this much memory. Default 16 MiB.
   */
  readonly maxRowBytes?: number;
}

/** A row by the names of its columns; for their order see {@link csv}. */
export type CsvRow = Readonly<Record<string, string>>;

/** The columns of a row with its fields, in the order in which they are in the file. */
export type CsvEntries = readonly (readonly [column: string, field: string])[];

/**
 * Records are rows of CSV (RFC 4180) as text: fields may be quoted, and then contain delimiters, doubled
 * quotes and line breaks. Each line break outside quotes ends a row, whether it is LF, CRLF or a lone CR.
 * That depends on all quotes before it, so large files are scanned once before they are split. A byte order
 * mark and empty lines are skipped. A file that begins with a byte order mark of UTF-16 is read as UTF-16.
 *
 * - `csv({ column: "text" })`: the records are the fields of this column, as strings;
 * - `csv({ columns: ["id", "text"] })`: objects of these columns;
 * - `csv()`: objects of all columns. As in every object, names that are whole numbers, such as `2019`, come
 *   first; `entries` keeps the order of the file;
 * - `csv({ entries: true })`: arrays of `[column, field]`, in the order of the file;
 * - `csv({ header: false })`: arrays of fields; a `column` is then a number from 0 on, and `columns` names
 *   all columns, from the first to the last.
 *
 * A row with more or fewer fields than the first, one with a quote out of place, one with bytes that are not
 * UTF-8, and one that is longer than `maxRowBytes` is an error that names file, line and column, or with `--skip-bad-records` is skipped and
 * counted. A row with a quote out of place, and one that is too long, ends at its first line break, even
 * if that is within quotes; the next row begins there.
 * A malformed header, a missing column, and a column that the header names twice are errors in any case; the
 * last two end the job at once, see {@link UsageError}.
 *
 * @throws TypeError for options that contradict each other or are out of range
 */
export function csv(options: CsvOptions & { readonly column: string | number }): Reader<string>;
export function csv<const C extends string>(
  options: CsvOptions & { readonly columns: readonly C[] },
): Reader<Readonly<Record<C, string>>>;
export function csv(options: CsvOptions & { readonly header: false }): Reader<readonly string[]>;
export function csv(options: CsvOptions & { readonly entries: true }): Reader<CsvEntries>;
export function csv(options?: CsvOptions): Reader<CsvRow>;
export function csv({
  delimiter = ",",
  quote: givenQuote = '"',
  header = true,
  maxRowBytes = DEFAULT_ROW_BYTES,
  encoding,
  ...chosen
}: CsvOptions & Choice = {}): Reader<unknown> {
  const { splitting, textOf } = textInput("csv", encoding === undefined ? {} : { encoding });
  const isQuoted = givenQuote !== false && givenQuote !== null && givenQuote !== "none";
  const quote = isQuoted ? givenQuote : "";
  const options = { delimiter, quote, header, maxRowBytes, ...chosen };
  checkOptions(options);
  const format = { delimiter, maxRowBytes, ...(quote === '"' ? {} : { quote }) };
  return {
    name: "csv()",
    splitting: splitting === "bytes" ? { scanner: "csv", options: format } : splitting,
    open: (source, readOptions) => new CsvCursor(textOf(source), readOptions, options),
  };
}

interface Choice {
  readonly column?: string | number;
  readonly columns?: readonly string[];
  readonly entries?: boolean;
}

type AllOptions = Required<Omit<CsvOptions, "encoding">> & Choice & { readonly quote: string };

class CsvCursor implements RecordCursor<unknown> {
  skipped = 0;
  readonly #options: AllOptions;
  readonly #readOptions: ReadOptions;
  readonly #source: InputSource;
  readonly #scanner: CsvScanner;
  /** How to start in a split that is not the first of its file. */
  readonly #resumption: CsvResumption | undefined;
  /** Reads the first row of the file, which names the columns, and then the rows of the split. */
  #rows: CsvRows;
  #isAtHead = true;
  #width = 0;
  #convert: (fields: readonly string[]) => unknown = (fields) => fields;

  constructor(source: InputSource, readOptions: ReadOptions, options: AllOptions) {
    this.#source = source;
    this.#options = options;
    this.#readOptions = readOptions;
    this.#scanner = new CsvScanner(options.delimiter, options.maxRowBytes, options.quote);
    const { resume, start, end } = source;
    this.#resumption = resume === undefined ? undefined : decodeCsvResumption(resume);
    const { headEnd } = this.#resumption ?? {};
    const [from, to] = headEnd === undefined ? [start, end] : [0, headEnd];
    this.#rows = new CsvRows(source, this.#scanner, from, to, 1);
  }

  get offset(): number {
    return this.#rows.offset;
  }

  get place(): string {
    return `line ${this.#rows.line}`;
  }

  next(): unknown {
    const rows = this.#rows;
    while (rows.next()) {
      const { fields, fault } = rows;
      if (fault !== undefined) this.#leaveOut(fault);
      else if (this.#isAtHead) {
        this.#isAtHead = false;
        this.#width = fields.length;
        this.#convert = this.#converter(fields);
        if (this.#resumption !== undefined) {
          const { start, end } = this.#source;
          const line = rows.nextLine + this.#resumption.lines;
          this.#rows = new CsvRows(this.#source, this.#scanner, start, end, line);
          return undefined;
        }
        if (!this.#options.header) return this.#convert(fields);
      } else if (fields.length === this.#width) return this.#convert(fields);
      else {
        const why = `the row has ${plural(fields.length, "field")}, the first has ${this.#width}`;
        this.#leaveOut({ line: rows.line, column: 1, why });
      }
    }
    return undefined;
  }

  load(): boolean | Promise<boolean> {
    const loading = this.#rows.load();
    return typeof loading === "boolean" ? this.#loaded(loading) : loading.then(this.#loaded);
  }

  /** @throws MrError when a split other than the first of its file ends without the first row of the file */
  readonly #loaded = (isLoaded: boolean): boolean => {
    if (isLoaded || !this.#isAtHead || this.#resumption === undefined) return isLoaded;
    const { file } = this.#source;
    const why = "its first row is not where it was when the job was planned";
    throw new MrError("INPUT_CHANGED", `Cannot read input "${file}": ${why}`);
  };

  /** A function that makes a record of the fields of a row, by the fields of the first row. */
  #converter(first: readonly string[]): (fields: readonly string[]) => unknown {
    const { column, columns, entries, header } = this.#options;
    if (column !== undefined) {
      const index = this.#indexOf(column, first);
      return (fields) => fields[index] ?? "";
    }
    if (!header) {
      if (columns === undefined) return (fields) => fields;
      if (columns.length === first.length) return toObject(columns, [...columns.keys()]);
      const given = `the row has ${plural(first.length, "field")}`;
      const verb = columns.length === 1 ? "is" : "are";
      throw this.#wrongColumns(`${given}, but there ${verb} ${plural(columns.length, "column")}`);
    }
    const names = columns ?? first;
    const indexes = names.map((name) => this.#indexOf(name, first));
    // All columns are taken, in their order.
    if (entries) return (fields) => names.map((name, i) => [name, fields[i] ?? ""]);
    return toObject(names, indexes);
  }

  #indexOf(column: string | number, first: readonly string[]): number {
    if (typeof column === "number") {
      if (column < first.length) return column;
      const has = `the row has ${plural(first.length, "field")}`;
      throw this.#wrongColumns(`there is no column ${column}, counted from 0: ${has}`);
    }
    const index = first.indexOf(column);
    if (index < 0) {
      const names = first.map((name) => JSON.stringify(name)).join(", ");
      throw this.#wrongColumns(`there is no column ${JSON.stringify(column)} (${names})`);
    }
    const second = first.indexOf(column, index + 1);
    if (second < 0) return index;
    const both = `columns ${index + 1} and ${second + 1}`;
    throw this.#wrongColumns(`${both} have the same name, ${JSON.stringify(column)}`);
  }

  /** The error of options that do not fit the first row, which is at hand. */
  #wrongColumns(reason: string): UsageError {
    const why = shorten(reason, MAX_REASON);
    return new UsageError(this.#describe({ line: this.#rows.line, column: 1, why }));
  }

  #leaveOut(fault: CsvFault): void {
    // Without the header, no row can be read.
    const isHeader = this.#isAtHead && this.#options.header;
    if (!this.#readOptions.skipBadRecords || isHeader)
      throw new MrError("INPUT_MALFORMED", this.#describe(fault));
    // The first split of the file reports rows before the header.
    if (this.#isAtHead && this.#resumption !== undefined) return;
    this.skipped += 1;
    this.#readOptions.onSkipped?.(`line ${fault.line}, column ${fault.column}`, fault.why);
  }

  #describe({ line, column, why }: CsvFault): string {
    return `Cannot read input "${this.#source.file}": line ${line}, column ${column}: ${why}`;
  }
}

function toObject(
  names: readonly string[],
  indexes: readonly number[],
): (fields: readonly string[]) => CsvRow {
  // `fromEntries` makes an ordinary property even of the name `__proto__`.
  return (fields) =>
    Object.fromEntries(names.map((name, i) => [name, fields[indexes[i] ?? 0] ?? ""]));
}

function checkOptions(options: AllOptions): void {
  const { delimiter, quote, header, maxRowBytes, column, columns, entries } = options;
  const refuse = (why: string) => {
    throw new TypeError(`csv: ${why}`);
  };
  if (!isQuote(quote)) {
    refuse('"quote" takes one ASCII character, not a line break, or false for none');
  }
  const isSeparator = (text: unknown): text is string =>
    typeof text === "string" && text !== "" && !/[\r\n]/.test(text);
  if (!isSeparator(delimiter) || (quote !== "" && delimiter.includes(quote))) {
    refuse('"delimiter" takes one or more characters, none of them a quote or a line break');
  }
  if (!Number.isInteger(maxRowBytes) || maxRowBytes < 1 || maxRowBytes > MAX_RECORD_BYTES) {
    refuse(`"maxRowBytes" is a whole number from 1 to ${MAX_RECORD_BYTES}, not ${maxRowBytes}`);
  }
  if (column !== undefined && columns !== undefined) {
    refuse('give "column" for one field of each row, or "columns" for objects, not both');
  }
  if (entries && (column !== undefined || columns !== undefined)) {
    const given = column === undefined ? "columns" : "column";
    refuse(`"entries" gives all columns of each row: leave "${given}" out`);
  }
  if (entries && !header) {
    refuse('"entries" takes the names of the columns from a header, which there must be');
  }
  if (typeof column === "string" && !header) {
    refuse(`without a header, "column" is a number from 0 on, not ${JSON.stringify(column)}`);
  }
  if (typeof column === "number" && !(Number.isInteger(column) && column >= 0)) {
    refuse(`"column" is a name, or a whole number from 0 on, not ${column}`);
  }
  for (const [index, name] of (columns ?? []).entries()) {
    if (typeof name !== "string") refuse(`"columns" takes names, not the ${typeof name} ${name}`);
    if (columns?.indexOf(name) !== index) refuse(`"columns" has ${JSON.stringify(name)} twice`);
  }
}
