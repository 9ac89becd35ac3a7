const TOKEN =
  /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?: [a-zA-Z:-]+="[^"<>]*"| hidden)*)(\/?)>|<!doctype html>|[^<]+|</g;
const VOID = new Set(["meta", "link", "br"]);

/**
 * Checks that markup is made of whole tags, each closed where it must be.
 *
 * @returns how often there are elements that run or change something
 * @throws Error saying what is wrong
 */
export function checkMarkup(text: string): { script: number; style: number } {
  const counts = { script: 0, style: 0 };
  const open: string[] = [];
  // What is in these two is no markup.
  const skeleton = text.replaceAll(/(<(script|style)>)[\s\S]*?(<\/\2>)/g, "$1$3");
  for (const [token, slash, name, , isEmpty] of skeleton.matchAll(TOKEN)) {
    if (token === "<") throw new Error("A < is not the beginning of a tag");
    if (name === undefined) {
      if (token.includes(">") && !token.startsWith("<")) throw new Error(`A > is in "${token}"`);
      continue;
    }
    if (slash === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
    } else if (isEmpty !== "/" && !VOID.has(name)) open.push(name);
    if (slash === "" && name === "script") counts.script += 1;
    if (slash === "" && name === "style") counts.style += 1;
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join()}`);
  return counts;
}
