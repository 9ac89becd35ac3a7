/**
 * A terminal emulator for the live display: a grid of characters that wraps long lines, scrolls, and
 * understands the sequences that move and hide the cursor, erase, and colour.
 */
export class Screen {
  columns: number;
  readonly rows: number;
  isCursorHidden = false;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** The first line that has not scrolled away. */
  #top = 0;
  /** The beginning of an incomplete sequence. */
  #unfinished = "";
  /** On the screen, whatever has scrolled away since. */
  #saved = { row: 0, column: 0 };

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** @param chunk part of the output, which may end within a sequence */
  write(chunk: string): void {
    const text = this.#unfinished + chunk;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is made of them.
    this.#unfinished = /\x1b(\[[?0-9;]*)?$/.exec(text)?.[0] ?? "";
    const whole = text.slice(0, text.length - this.#unfinished.length);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    for (const part of whole.match(/\x1b\[[?0-9;]*[A-Za-z]|\x1b[78]|[^\x1b]|\x1b/gu) ?? []) {
      if (part.length > 1 && part.startsWith("\x1b")) this.#control(part);
      else if (part === "\n") this.#down();
      else if (part === "\r") this.#column = 0;
      else this.#put(part);
    }
  }

  /** All text that was not erased, including text that has scrolled away. */
  get lines(): string[] {
    const lines = this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  #put(character: string): void {
    if (this.#column >= this.columns) this.#down();
    const line = this.#lines[this.#row];
    if (line === undefined) throw new Error("The cursor is outside of the screen");
    line[this.#column] = character;
    this.#column += 1;
  }

  /** As a terminal in its usual mode does it, where a line feed also returns. */
  #down(): void {
    this.#column = 0;
    this.#row += 1;
    if (this.#row === this.#lines.length) this.#lines.push([]);
    if (this.#row - this.#top === this.rows) this.#top += 1;
  }

  #control(sequence: string): void {
    if (sequence === "\x1b7") {
      this.#saved = { row: this.#row - this.#top, column: this.#column };
      return;
    }
    if (sequence === "\x1b8") {
      this.#row = this.#top + this.#saved.row;
      this.#column = this.#saved.column;
      return;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    const [, parameter = "", letter] = /^\x1b\[(.*)([A-Za-z])$/.exec(sequence) ?? [];
    if (letter === "A") {
      this.#row = Math.max(this.#top, this.#row - Number(parameter));
    } else if (letter === "K" && parameter === "2") {
      this.#lines[this.#row]?.splice(0);
    } else if (letter === "J") {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row]?.splice(this.#column);
    } else if (parameter === "?25") {
      this.isCursorHidden = letter === "l";
    } else if (letter !== "m") {
      throw new Error(`The screen does not know ${JSON.stringify(sequence)}`);
    }
  }
}
