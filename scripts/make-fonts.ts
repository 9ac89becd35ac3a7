/**
 * Unpacks the fonts of PNG charts from the package `@fontsource/noto-sans`, which has Noto Sans by script,
 * compressed for the web. Needed only for a newer version:
 *
 *     npm install --no-save @fontsource/noto-sans@5 && npx tsx scripts/make-fonts.ts
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FROM = process.argv[2] ?? join(ROOT, "node_modules/@fontsource/noto-sans");
const TO = join(ROOT, "src/mr/watch/report/fonts");

const FILES: Readonly<Record<string, string>> = {
  "noto-sans-latin.ttf": "latin-400",
  "noto-sans-latin-semibold.ttf": "latin-600",
  "noto-sans-latin-ext.ttf": "latin-ext-400",
  "noto-sans-greek.ttf": "greek-400",
  "noto-sans-cyrillic.ttf": "cyrillic-400",
};

for (const [name, part] of Object.entries(FILES)) {
  const woff = readFileSync(join(FROM, `files/noto-sans-${part}-normal.woff`));
  writeFileSync(join(TO, name), unpackWoff(woff));
}
copyFileSync(join(FROM, "LICENSE"), join(TO, "LICENSE"));

/** The TrueType font in a WOFF 1.0 file (https://www.w3.org/TR/WOFF/). */
function unpackWoff(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const header = Buffer.alloc(12 + 16 * count);
  woff.copy(header, 0, 4, 8);
  header.writeUInt16BE(count, 4);
  const log = Math.floor(Math.log2(count));
  header.writeUInt16BE(16 << log, 6);
  header.writeUInt16BE(log, 8);
  header.writeUInt16BE(16 * count - (16 << log), 10);
  const tables: Buffer[] = [];
  let offset = header.length;
  for (let table = 0; table < count; table++) {
    const entry = 44 + 20 * table;
    const start = woff.readUInt32BE(entry + 4);
    const packed = woff.subarray(start, start + woff.readUInt32BE(entry + 8));
    const length = woff.readUInt32BE(entry + 12);
    const bytes = packed.length < length ? inflateSync(packed) : packed;
    const padded = Buffer.alloc(Math.ceil(length / 4) * 4);
    bytes.copy(padded);
    const at = 12 + 16 * table;
    woff.copy(header, at, entry, entry + 4);
    woff.copy(header, at + 4, entry + 16, entry + 20);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(length, at + 12);
    tables.push(padded);
    offset += padded.length;
  }
  return Buffer.concat([header, ...tables]);
}
