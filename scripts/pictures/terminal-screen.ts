/** Adjacent characters of one style. */
export interface Run {
  readonly column: number;
  readonly text: string;
  /** The codes of "select graphic rendition" (ECMA-48, 8.3.117) that are on, such as `1 32`. */
  readonly style: string;
}

interface Cell {
  readonly character: string;
  readonly style: string;
}

/** Longer lines are broken. */
export const COLUMNS = 80;
const BLANK: Cell = { character: " ", style: "" };
/** Text, or a control sequence, or a control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they control the terminal.
const TOKENS = /\x1b\[([?0-9;]*)([A-Za-z])|\x1b[78]|[\r\n]|[^\x00-\x1f]+/gu;

/** The functions of a terminal that `tsmr` uses. The screen never scrolls: it grows with its contents. */
export class TerminalScreen {
  readonly #rows: Cell[][] = [];
  #row = 0;
  #column = 0;
  #style = "";
  #saved = { row: 0, column: 0 };

  write(output: string): void {
    for (const [token, parameters = "", command] of output.matchAll(TOKENS)) {
      if (token === "\n") this.#row += 1;
      else if (token === "\r") this.#column = 0;
      else if (token === "\x1b7") this.#saved = { row: this.#row, column: this.#column };
      else if (token === "\x1b8") ({ row: this.#row, column: this.#column } = this.#saved);
      else if (command === undefined) this.#print(token);
      else this.#control(parameters, command);
    }
  }

  /** The contents of the screen, from the top. */
  get lines(): readonly Run[][] {
    return Array.from(this.#rows, (cells = []) => runsOf(cells));
  }

  #print(text: string): void {
    for (const character of text) {
      if (this.#column === COLUMNS) {
        this.#row += 1;
        this.#column = 0;
      }
      const cells = this.#cells(this.#row);
      while (cells.length < this.#column) cells.push(BLANK);
      cells[this.#column] = { character, style: this.#style };
      this.#column += 1;
    }
  }

  #control(parameters: string, command: string): void {
    if (command === "A") this.#row -= Number(parameters || 1);
    else if (command === "m") this.#select(parameters);
    else if (command === "K" && parameters === "2") this.#cells(this.#row).length = 0;
    else if (command === "J" || command === "K") {
      this.#cells(this.#row).length = Math.min(this.#cells(this.#row).length, this.#column);
      if (command === "J") this.#rows.length = this.#row + 1;
    }
  }

  #select(parameters: string): void {
    const codes = new Set(this.#style.split(" ").filter((code) => code !== ""));
    for (const code of (parameters || "0").split(";").map(Number)) {
      if (code === 0) codes.clear();
      else if (code === 22) for (const weight of ["1", "2"]) codes.delete(weight);
      else if (code === 39)
        for (const colour of [...codes]) colour.length > 1 && codes.delete(colour);
      else codes.add(String(code));
    }
    this.#style = [...codes].join(" ");
  }

  #cells(row: number): Cell[] {
    const cells = this.#rows[row] ?? [];
    this.#rows[row] = cells;
    return cells;
  }
}

function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Array<{ column: number; text: string; style: string }> = [];
  cells.forEach(({ character, style }, column) => {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += character;
    else runs.push({ column, text: character, style });
  });
  return runs.filter(({ text }) => text.trim() !== "");
}
