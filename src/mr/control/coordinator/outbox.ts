interface Letter {
  /** How much must have been kept before it may be sent. */
  readonly after: number;
  readonly send: () => void;
}

/**
 * What follows from decisions, held back until they are in the journal. Everything goes out in the order
 * in which it was decided, whether it depends on what is being kept or not.
 */
export class Outbox {
  /** How often something was to be kept, and how much of that has been. */
  #begun = 0;
  #kept = 0;
  /** The oldest first. */
  readonly #letters: Letter[] = [];

  /** What is sent from here on waits for `keeping`, which must not be rejected. */
  waitFor(keeping: Promise<void>): void {
    this.#begun += 1;
    const mine = this.#begun;
    keeping.then(() => {
      // What is kept later is kept after all that was to be kept before.
      this.#kept = Math.max(this.#kept, mine);
      this.#sendKept();
    });
  }

  /** Calls `send` as soon as everything that is to be kept by now has been; at once if it has. */
  send(send: () => void): void {
    if (this.#letters.length === 0 && this.#kept === this.#begun) send();
    else this.#letters.push({ after: this.#begun, send });
  }

  /** Gives `answer` when it may be given. */
  deliver<T>(answer: T): T | Promise<T> {
    if (this.#letters.length === 0 && this.#kept === this.#begun) return answer;
    return new Promise((resolve) => this.send(() => resolve(answer)));
  }

  #sendKept(): void {
    for (;;) {
      const [first] = this.#letters;
      if (first === undefined || first.after > this.#kept) return;
      this.#letters.shift();
      first.send();
    }
  }
}
