import { slotOfLastWord, WORD_SLOTS } from "../../app/text/string-words.ts";

/**
 * The ids of keys that are words of a string: a word that comes again is the same string, and need not be
 * looked up by its letters. What is emitted is mostly the word that was found last, whose slot is known.
 */
export class WordIds {
  readonly #words = new Array<string>(WORD_SLOTS).fill("");
  readonly #ids = new Int32Array(WORD_SLOTS);

  /** @returns the id of a key that was kept, or −1 */
  find(key: string): number {
    const slot = slotOfLastWord(key);
    // Mostly they are one and the same, so that this takes no time.
    return slot >= 0 && this.#words[slot] === key ? (this.#ids[slot] ?? -1) : -1;
  }

  /** Keeps the id of a key, if that is the word that was found last. */
  keep(key: string, id: number): void {
    const slot = slotOfLastWord(key);
    if (slot < 0) return;
    this.#words[slot] = key;
    this.#ids[slot] = id;
  }

  /** Forgets all ids. */
  clear(): void {
    this.#words.fill("");
  }
}
