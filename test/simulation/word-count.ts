import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import type { LoadedApp } from "../../src/mr/app/load/load-app.ts";
import { reduceOutputName } from "../../src/mr/job/names.ts";
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

  /** @returns what is wrong with the output; undefined if it is exact */
  check(disk: Disk, reduces: number): string | undefined {
    const lines: string[] = [];
    for (let reduce = 0; reduce < reduces; reduce++) {
      const output = disk.read(reduceOutputName(reduce));
      if (output === undefined) return `The output of reduce task ${reduce} is missing`;
      lines.push(...output.split("\n").filter(Boolean));
    }
    const expected = [...this.#counts].map(([word, count]) => `${word} ${count}`);
    const isExact = sorted(lines).join() === sorted(expected).join();
    return isExact ? undefined : `The words are not counted as they should be: ${lines.join(", ")}`;
  }
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort((a, b) => (a < b ? -1 : 1));
}
