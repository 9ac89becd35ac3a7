const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/**
 * The line of the cursor, then what is below it. Some terminals (tmux) keep what is erased from the
 * first place of the screen on, as if it had scrolled away.
 */
const ERASE = "\r\x1b[2K\n\x1b[J\x1b[1A";
const SAVE_CURSOR = "\x1b7";
const RESTORE_CURSOR = "\x1b8";

/** What of a terminal is needed. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * Lines at the bottom of a terminal that are drawn again and again, below all else that is printed.
 *
 * As long as they are there, the cursor is hidden and stands at the beginning of the first one. That is
 * where everything below it can be erased, into however many rows the terminal has broken the lines
 * after it became narrower. What a person types meanwhile moves the cursor, and Enter moves it down. So
 * its place is saved; and because there is room for the block below it, Enter does not make the
 * terminal scroll, which the saved place would not follow.
 *
 * One thing a program can't mend. Terminals that break lines anew when they become narrower (tmux, say) keep
 * the empty rows at their bottom, and let as many scroll away at the top as there are more lines. If the
 * block is nearer to the top than that, its first lines go along: nothing can be erased there, short of all
 * that the terminal has kept.
 */
export class LiveBlock {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  /** The size of the terminal when the cursor was saved; undefined if nothing is drawn. */
  #savedAt: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Replaces what was drawn.
   *
   * @param lines each shorter than the terminal is wide, and fewer than it is high
   */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    const hide = this.#savedAt === undefined ? HIDE_CURSOR : "";
    this.#terminal.write(hide + this.#eraser() + this.#block());
  }

  /** Prints text above the block; what it ends in is completed to a line. */
  print(text: string): void {
    const above = text.endsWith("\n") ? text : `${text}\n`;
    this.#terminal.write(this.#eraser() + above + this.#block());
  }

  /** Takes the block away, and gives the cursor back. */
  clear(): void {
    if (this.#savedAt === undefined) return;
    this.#terminal.write(this.#eraser() + SHOW_CURSOR);
    this.#lines = [];
    this.#savedAt = undefined;
  }

  /** The lines, with the cursor back at their beginning. */
  #block(): string {
    if (this.#lines.length === 0) return "";
    this.#savedAt = this.#size;
    // The row below is for one more Enter.
    return `${this.#lines.join("\n")}\n\x1b[${this.#lines.length}A${SAVE_CURSOR}`;
  }

  #eraser(): string {
    if (this.#savedAt === undefined) return "";
    // A terminal that breaks its lines anew takes the cursor along, but not the saved place.
    const back = this.#savedAt === this.#size ? RESTORE_CURSOR : "";
    return back + ERASE;
  }

  get #size(): string {
    const { columns, rows } = this.#terminal;
    return `${columns} ${rows}`;
  }
}
