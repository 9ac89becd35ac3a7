// @ts-nocheck: written by hand for one engine; types would ask for checks that cost time.
// The usual program: a string per word and a Map. For comparison with word-count-bytes.mjs.
// Usage: node word-count-map.mjs OUTPUT INPUT…
import { readFileSync, writeFileSync } from "node:fs";

const [output, ...inputs] = process.argv.slice(2);
const counts = new Map();
for (const input of inputs) {
  for (const word of readFileSync(input, "utf8").match(/\p{L}+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}
const lines = [...counts].map(([word, count]) => ({ bytes: Buffer.from(word), count }));
lines.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
writeFileSync(output, lines.map(({ bytes, count }) => `${bytes} ${count}\n`).join(""));
