import { DEFAULT_COLUMNS, widthOf } from "./text-width.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[J";

/** What of a terminal is needed. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Lines at the bottom of a terminal that are drawn again and again, below all else that is printed. The
 * cursor is hidden as long as they are there, and stands at the end of the last one.
 */
export class LiveBlock {
  readonly #terminal: Terminal;
  /** What is on the screen, with its colours and without. */
  #lines: readonly string[] = [];
  #drawn: readonly string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Replaces what was drawn.
   *
   * @param lines each shorter than the terminal is wide, and fewer than it is high
   */
  draw(lines: readonly string[]): void {
    const hide = this.#drawn.length === 0 ? HIDE_CURSOR : "";
    this.#terminal.write(`${hide}${this.#eraser()}${lines.join("\n")}`);
    this.#lines = lines;
    this.#drawn = lines.map(withoutColours);
  }

  /** Prints text above the block; what it ends in is completed to a line. */
  print(text: string): void {
    const above = text.endsWith("\n") ? text : `${text}\n`;
    this.#terminal.write(`${this.#eraser()}${above}${this.#lines.join("\n")}`);
  }

  /** Takes the block away, and gives the cursor back. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#terminal.write(this.#eraser() + SHOW_CURSOR);
    this.#lines = [];
    this.#drawn = [];
  }

  /** Terminals break lines again when they become narrower: then the block is higher than it was drawn. */
  #eraser(): string {
    if (this.#drawn.length === 0) return "";
    // A terminal that was never given a size says that it has none.
    const columns = this.#terminal.columns || DEFAULT_COLUMNS;
    let rows = 0;
    for (const line of this.#drawn) rows += Math.max(1, Math.ceil(widthOf(line) / columns));
    const up = rows > 1 ? `\x1b[${rows - 1}A` : "";
    return `\r${up}${ERASE_BELOW}`;
  }
}

function withoutColours(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin.
  return line.replace(/\x1b\[[0-9;]*m/g, "");
}
