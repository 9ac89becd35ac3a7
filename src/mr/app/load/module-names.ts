import { SourceMap } from "node:module";
import type { Loader } from "esbuild";

/** Stands for a module's own `require`. It is as long as that name, so that columns in messages stay. */
export const OWN_REQUIRE = "__tsmrq";

/** What the bundler does not give a CommonJS module as Node.js does, and the variable that replaces it. */
const NAMES: Readonly<Record<string, string>> = {
  require: OWN_REQUIRE,
  "module.require": OWN_REQUIRE,
  "module.filename": "__tsmr_filename",
  "module.id": "__tsmr_filename",
  "module.path": "__tsmr_dirname",
};
const MARK = "__tsmr_mark_";
/** What may have to be replaced, which a call of `require` with a plain string has not. */
const CANDIDATE =
  /\brequire\b(?!\s*\(\s*(["'])[^"'\n]*\1\s*\)|\s*\.\s*resolve\b)|\bmodule\s*(\.|\?\.|\[)/;

const STRING = /(?:"(?:[^"\\]|\\.)*"|`[^`$]*`)/.source;
/** The arguments, as the bundler prints them, of calls that it can bundle: strings, and patterns of relative paths. */
const BUNDLED = new RegExp(
  `^\\((?:[^;]*? \\? ${STRING} : )?${STRING}\\)|^\\((?:"\\.\\.?/(?:[^"\\\\]|\\\\.)*" \\+|\`\\.\\.?/)`,
);

/** A piece of source code to be replaced. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * Replaces {@link NAMES} in a module, except in calls of `require` that are bundled. The bundler would resolve all
 * others from the folder of the app, and has no `module.filename`.
 *
 * The bundler can't replace `require` itself without replacing the bundled calls too. Here it only tells where a name
 * stands that the module does not declare.
 */
export async function replaceModuleNames(text: string, loader: Loader): Promise<string> {
  if (!CANDIDATE.test(text)) return text;
  const { transform } = await import("esbuild");
  const define = Object.fromEntries(
    Object.keys(NAMES).map((name) => [name, MARK + name.replace(".", "$")]),
  );
  let printed: { readonly code: string; readonly map: string };
  try {
    printed = await transform(text, { loader, define, sourcemap: true, logLevel: "silent" });
  } catch {
    // The module has mistakes, which are reported when it is bundled.
    return text;
  }
  // The module may give a name another value.
  if (/__tsmr_mark_[\w$]+ = /.test(printed.code)) return text;
  let replaced = "";
  let end = 0;
  const edits = editsOf(text, printed.code, new SourceMap(JSON.parse(printed.map)));
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    replaced += text.slice(end, edit.start) + edit.replacement;
    end = edit.end;
  }
  return replaced + text.slice(end);
}

function editsOf(text: string, code: string, positions: SourceMap): Edit[] {
  const starts = [0];
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(index + end.length);
  }
  return code.split("\n").flatMap((line, row) =>
    [...line.matchAll(/__tsmr_mark_([\w$]+)/g)].flatMap(({ 0: mark, 1: marked = "", index }) => {
      const name = marked.replace("$", ".");
      const replacement = NAMES[name];
      const isBundled = BUNDLED.test(line.slice(index + mark.length));
      if (replacement === undefined || (replacement === OWN_REQUIRE && isBundled)) return [];
      const position = positions.findEntry(row, index);
      if (!("originalLine" in position)) return [];
      const start = (starts[position.originalLine] ?? 0) + position.originalColumn;
      const written = writtenAs(name, text.slice(start));
      if (written === undefined) return [];
      // `{ require }` is short for a member of that name.
      const isMember = line.slice(0, index).endsWith(" require: ");
      const isShort = isMember && !/:\s*$/.test(text.slice(0, start));
      const edit = isShort ? `require: ${replacement}` : replacement;
      return [{ start, end: start + written.length, replacement: edit }];
    }),
  );
}

/** A name as it stands at the beginning of a text; undefined if another one does. */
function writtenAs(name: string, text: string): string | undefined {
  const [object = "", member] = name.split(".");
  const access = `\\s*(?:\\??\\.\\s*${member}\\b|(?:\\?\\.)?\\[\\s*(["'])${member}\\1\\s*\\])`;
  return new RegExp(`^${object}\\b${member === undefined ? "" : access}`).exec(text)?.[0];
}
