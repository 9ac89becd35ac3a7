import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import type { LoadedApp } from "../../src/mr/app/load/load-app.ts";
import type { Disk } from "./disk.ts";
import type { Random } from "./random.ts";

const WORDS = ["a", "be", "see", "deed", "eve", "fee", "gag", "hedge", "ice", "jig"];

const app: ClassicApp = {
  map: (_, text) =>
    text
      .split(/\s+/)
      .filter(Boolean)
      .map((key) => ({ key, value: "1" })),
  reduce: (_, values) => String(values.length),
};

/** The app of jobs that run the real map and reduce tasks. */
export const WORD_COUNT: LoadedApp = {
  name: "simulated.ts",
  path: "/app/simulated.ts",
  digest: "0".repeat(64),
  splitting: "wholeFile",
  app,
};

/** A job that counts the words of texts. */
export class WordCountJob {
  readonly #counts = new Map<string, number>();

  /** Writes a text for each map task. */
  constructor(disk: Disk, random: Random, maps: number) {
    for (let map = 0; map < maps; map++) {
      const words = Array.from({ length: random.whole(0, 30) }, () => random.pick(WORDS) ?? "");
      for (const word of words) this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
      disk.publish(`${map}.txt`, `${words.join(" ")}\n`);
    }
  }

  /** What reduce task `reduce` must write. */
  output(reduce: number, reduces: number): string {
    const counts = [...this.#counts].filter(([word]) => hashOf(word) % reduces === reduce);
    const lines = counts.map(([word, count]) => `${word} ${count}\n`);
    return lines.sort((a, b) => (a < b ? -1 : 1)).join("");
  }
}

/** The lab's hash of a key: FNV-1a without its highest bit. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash & 0x7fffffff;
}
