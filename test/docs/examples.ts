/** An example of a page: files, a command, and what it prints. */
export interface Example {
  /** The heading that it is below. */
  readonly title: string;
  readonly files: ReadonlyMap<string, string>;
  readonly command: string;
  /** What the page says that it prints. */
  readonly output: string;
  /** Where the output begins and ends in the page. */
  readonly from: number;
  readonly to: number;
}

const HEADING = /^#+ (?<title>.+)\n/;
/** A block of code, with the name of its file in a line of its own before it if it is one. */
const BLOCK = /^(?:`(?<file>[^`\n]+)`\n\n)?```(?<language>\w*)\n(?<code>[\s\S]*?)^```\n/m;
const NEXT = new RegExp(`${HEADING.source}|${BLOCK.source}`, "gm");

/** Finds the examples of a Markdown page: a block of `sh`, the files before it, the block after it. */
export function findExamples(page: string): Example[] {
  const examples: Example[] = [];
  let title = "";
  let files = new Map<string, string>();
  let command: string | undefined;
  for (const match of page.matchAll(NEXT)) {
    const { title: heading, file, language, code = "" } = match.groups ?? {};
    if (heading !== undefined) {
      title = heading;
      files = new Map();
      command = undefined;
    } else if (file !== undefined) {
      files.set(file, code);
    } else if (language === "sh") {
      command = code;
    } else if (command !== undefined) {
      const to = match.index + match[0].length - "```\n".length;
      examples.push({ title, files, command, output: code, from: to - code.length, to });
      command = undefined;
    }
  }
  return examples;
}
