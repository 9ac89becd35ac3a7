// Grep: the lines that match a pattern, each after the name of its file, as `grep -H` prints them.
//
//     GREP='ERROR|timed out' tsmr run grep 'logs/*.log'
//
// GREP is a regular expression of JavaScript; GREP_FLAGS, if set, are its flags, such as `i`.
//
// Input is any text, of which each line is one record. For logs/db.log with the lines
//
//     12:00:01 ready
//     12:00:07 query timed out
//
// the output is
//
//     logs/db.log:12:00:07 query timed out
//
// The lines of a file stay together and in order. The CR of lines that end in CRLF and a byte order
// mark are dropped before the pattern is tried; `grep` would keep them. The counter `matching-lines`
// is the number of lines.

import { type ByteSlice, defineApp, type Emit, lines, setting, UsageError } from "../mr/index.ts";

const GREP = setting("GREP");
const GREP_FLAGS = setting("GREP_FLAGS", "");
if (GREP === undefined) throw new UsageError("Set GREP to a pattern: GREP=error tsmr run grep …");
// A global or sticky pattern continues where it stopped, and would miss lines.
const pattern = patternOf(GREP, GREP_FLAGS.replace(/[gy]/g, ""));

function patternOf(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const wanted = "Set GREP to a regular expression of JavaScript, and GREP_FLAGS to its flags";
    throw new UsageError(`${wanted}: ${(error as SyntaxError).message}`);
  }
}

export default defineApp({
  input: lines(),
  map(line, emit: Emit<ByteSlice>, { file, counters }) {
    if (!pattern.test(line.toString())) return;
    counters.add("matching-lines");
    emit(file, line);
  },
  // The values of a key are in the order of the input already.
  *reduce(_file, matches) {
    yield* matches;
  },
  output: {
    name: "file:line",
    write(file, line, sink) {
      sink.bytes(file.bytes, file.start, file.end);
      sink.text(":");
      sink.bytes(line.bytes, line.start, line.end);
      sink.text("\n");
    },
  },
});
