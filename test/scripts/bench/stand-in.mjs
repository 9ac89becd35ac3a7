// Does by hand, in memory, what `tsmr run` does with the benchmark apps, so that the harness can be
// tested without a build. TSMR_STAND_IN_FAULT=drop loses one line, as a broken program might.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: "string" },
    reduces: { type: "string" },
    out: { type: "string", default: "." },
    memory: { type: "string" },
    quiet: { type: "boolean" },
    "no-check": { type: "boolean" },
  },
});
const [, app = "", ...inputs] = positionals;
const { TSMR_STAND_IN_FAULT } = process.env;

/** @type {Map<string, string[]>} */
const groups = new Map();

/** @param {string} key @param {string} value */
function emit(key, value) {
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, [value]);
  } else {
    group.push(value);
  }
}

for (const input of inputs) {
  for (const line of readFileSync(input, "utf8").split("\n").slice(0, -1)) {
    switch (basename(app)) {
      case "sort.ts":
        emit(line.slice(0, 10), line.slice(11));
        break;
      case "count-keys.ts":
        emit(line.slice(0, 9), "1");
        break;
      case "index.ts":
        for (const word of line.match(/\p{L}+/gu) ?? []) {
          emit(word, input);
        }
        break;
      default:
        for (const word of line.match(/\p{L}+/gu) ?? []) {
          emit(word, "1");
        }
    }
  }
}

const lines = [...groups].flatMap(([key, group]) => {
  switch (basename(app)) {
    case "sort.ts":
      return group.map((value) => `${key} ${value}\n`);
    case "index.ts": {
      const files = [...new Set(group)];
      return [`${key} ${files.length} ${files.join(",")}\n`];
    }
    default:
      return [`${key} ${group.length}\n`];
  }
});
lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
if (TSMR_STAND_IN_FAULT === "drop") {
  lines.splice(Math.floor(lines.length / 2), 1);
}
mkdirSync(values.out, { recursive: true });
const half = Math.ceil(lines.length / 2);
writeFileSync(join(values.out, "mr-out-0"), lines.slice(0, half).join(""));
writeFileSync(join(values.out, "mr-out-1"), lines.slice(half).join(""));
