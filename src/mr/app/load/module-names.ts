import { SourceMap } from "node:module";
import type { Loader } from "esbuild";

/** Stands for a module's own `require`. It is as long as that name, so that columns in messages stay. */
export const OWN_REQUIRE = "__tsmrq";
/** The same for calls of `import`. */
export const OWN_IMPORT = "_tsmri";

/**
 * Gives the `module` of a CommonJS module the members that it has in Node.js. The bundler's has only `exports`. The
 * variables are those of the module's own address.
 */
export const FILL_MODULE =
  'typeof module === "object" && Object.setPrototypeOf(Object.assign(module, { id: __tsmr_filename, filename: __tsmr_filename, path: __tsmr_dirname, ' +
  `paths: ${OWN_REQUIRE}.resolve.paths("_").filter((path) => /[/\\\\]node_modules$/.test(path)), ` +
  `require: ${OWN_REQUIRE}, loaded: false, children: [], parent: undefined }), ${OWN_REQUIRE}("node:module").prototype); `;

const MARK = "__tsmr_mark_";
/** Marks what the module does not declare. The bundler takes `module.require` for `require`. */
const MARKS: Readonly<Record<string, string>> = {
  require: `${MARK}require`,
  "module.require": `${MARK}module_require`,
  module: `${MARK}module`,
};
/** What may have to be replaced: not a call of `require` or `import` with a plain string, nor `module.exports`. */
const CANDIDATE = new RegExp(
  [
    /\brequire\b(?!\s*\(\s*(["'])[^"'\n]*\1\s*\)|\s*\.\s*resolve\b)/,
    /(?<!typeof\s+)\bmodule\b(?!\s*\.\s*exports\b)/,
    /\bimport\s*\((?!\s*(?:"[^"\n]*"|'[^'\n]*')\s*\))/,
  ]
    .map(({ source }) => source)
    .join("|"),
);
/** What is printed for a call of `import`, and `require` or `module.require` where they are not declared. */
const CALL = /(?<=__toESM\()require(?=\()|__tsmr_mark_(?:module_)?require\b/g;
/** No call of `import` is printed as such, so that it can be found. */
const LOWERED = { "dynamic-import": false };
/** In the printed code. */
const USES_MODULE = /(?<!typeof )__tsmr_mark_module\b(?!\.exports\b)/;

const STRING = /(?:"(?:[^"\\]|\\.)*"|`[^`$]*`)/.source;
/** The arguments, as the bundler prints them, of calls that it can bundle: strings, and patterns of relative paths. */
const BUNDLED = new RegExp(
  `^\\((?:[^;]*? \\? ${STRING} : )?${STRING}\\)|^\\((?:"\\.\\.?/(?:[^"\\\\]|\\\\.)*" \\+|\`\\.\\.?/)`,
);

/** `require` as it is written, or `module.require`. */
const REQUIRE = /^(?:require\b|module\s*(?:\??\.\s*require\b|(?:\?\.)?\[\s*(["'])require\1\s*\]))/;

/** A piece of source code to be replaced. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * Replaces `require` and calls of `import` in a module by its own, except in calls that are bundled: all others would
 * be resolved from the folder of the app or of the bundle. A module that uses other members of `module` than `exports` gets {@link FILL_MODULE}.
 *
 * The bundler can't replace `require` itself without replacing the bundled calls too. Here it only tells where a name
 * stands that the module does not declare.
 */
export async function replaceModuleNames(text: string, loader: Loader): Promise<string> {
  if (!CANDIDATE.test(text)) return text;
  const { transform } = await import("esbuild");
  let printed: { readonly code: string; readonly map: string };
  try {
    printed = await transform(text, {
      ...{ loader, define: MARKS, supported: LOWERED },
      ...{ sourcemap: true, logLevel: "silent" },
    });
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
  const fill = USES_MODULE.test(printed.code) ? FILL_MODULE : "";
  return fill + replaced + text.slice(end);
}

function editsOf(text: string, code: string, positions: SourceMap): Edit[] {
  const starts = [0];
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(index + end.length);
  }
  return code.split("\n").flatMap((line, row) =>
    [...line.matchAll(CALL)].flatMap(({ 0: mark, index }) => {
      if (BUNDLED.test(line.slice(index + mark.length))) return [];
      const position = positions.findEntry(row, index);
      if (!("originalLine" in position)) return [];
      const start = (starts[position.originalLine] ?? 0) + position.originalColumn;
      const rest = text.slice(start);
      const end = start + "import".length;
      if (!mark.startsWith(MARK)) {
        return /^import\b/.test(rest) ? [{ start, end, replacement: OWN_IMPORT }] : [];
      }
      const written = REQUIRE.exec(rest)?.[0];
      if (written === undefined) return [];
      // `{ require }` is short for a member of that name.
      const isMember = line.slice(0, index).endsWith(" require: ");
      const isShort = isMember && !/:\s*$/.test(text.slice(0, start));
      const replacement = isShort ? `require: ${OWN_REQUIRE}` : OWN_REQUIRE;
      return [{ start, end: start + written.length, replacement }];
    }),
  );
}
