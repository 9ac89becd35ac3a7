import { setTimeout as sleep } from "node:timers/promises";

/** Word count in the classic form. It waits now and then, so that something can happen to it. */
export async function map(_file: string, contents: string) {
  await sleep(100 + (contents.length % 200));
  return Array.from(contents.match(/\p{L}+/gu) ?? [], (word) => ({ key: word, value: "1" }));
}

export async function reduce(word: string, values: string[]): Promise<string> {
  if (word.length > 11) await sleep(2);
  return String(values.length);
}
