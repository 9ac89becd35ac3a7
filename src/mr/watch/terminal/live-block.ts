const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/**
 * Erases the line of the cursor, then everything below it. A single erasure from the top left corner would
 * make some terminals (tmux) keep the text, as if it had scrolled away.
 */
const ERASE = "\r\x1b[2K\n\x1b[J\x1b[1A";
const SAVE_CURSOR = "\x1b7";
const RESTORE_CURSOR = "\x1b8";

export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * Lines at the bottom of a terminal that are redrawn, below everything else that is printed.
 *
 * While the block is shown, the cursor is hidden and stays at the beginning of its first line. From there,
 * everything below can be erased, even if the terminal became narrower and broke the lines into more rows.
 * Typed text moves the cursor, and Enter moves it down, so its position is saved. There is room for the block
 * below the cursor, so Enter does not make the terminal scroll, which would invalidate the saved position.
 *
 * One case cannot be handled. Terminals that rewrap lines when they become narrower (such as tmux) keep the
 * empty rows at the bottom, and scroll away rows at the top instead. If the block is close to the top, its
 * first lines scroll away too, and cannot be erased without erasing the terminal's history.
 */
export class LiveBlock {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  /** The size of the terminal when the cursor was saved; undefined while nothing is drawn. */
  #savedAt: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** @param lines must be shorter than the terminal is wide, and fewer than it is high */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    const hide = this.#savedAt === undefined ? HIDE_CURSOR : "";
    this.#terminal.write(hide + this.#eraser() + this.#block());
  }

  /** Prints text above the block, with a line feed at its end if it has none. */
  print(text: string): void {
    const above = text.endsWith("\n") ? text : `${text}\n`;
    this.#terminal.write(this.#eraser() + above + this.#block());
  }

  clear(): void {
    if (this.#savedAt === undefined) return;
    this.#terminal.write(this.#eraser() + SHOW_CURSOR);
    this.#lines = [];
    this.#savedAt = undefined;
  }

  /** Writes the lines and moves the cursor back to their beginning. */
  #block(): string {
    if (this.#lines.length === 0) return "";
    this.#savedAt = this.#size;
    // One more row, for an Enter.
    return `${this.#lines.join("\n")}\n\x1b[${this.#lines.length}A${SAVE_CURSOR}`;
  }

  #eraser(): string {
    if (this.#savedAt === undefined) return "";
    // A terminal that rewraps its lines moves the cursor along, but not the saved position.
    const back = this.#savedAt === this.#size ? RESTORE_CURSOR : "";
    return back + ERASE;
  }

  get #size(): string {
    const { columns, rows } = this.#terminal;
    return `${columns} ${rows}`;
  }
}
