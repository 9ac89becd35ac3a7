import { MrError } from "../../base/errors.ts";
import type { PlannedFile } from "./planned-file.ts";

/** The formats of compressed files that are decompressed while they are read. */
export type Compression = "gzip" | "zstd";

/** Longer than the longest of the signatures below. */
const HEAD_BYTES = 16;

interface Format {
  readonly name: string;
  /** The first bytes of each file in this format, in hexadecimal. */
  readonly signature: RegExp;
  /** The usual ends of names, with which a file in another format is damaged. */
  readonly suffix?: RegExp;
}

const FORMATS: readonly Format[] = [
  { name: "gzip", signature: /^1f8b/, suffix: /\.t?gz$/i },
  // A file may begin with a skippable frame (RFC 8878, section 3.1.2).
  { name: "zstd", signature: /^(28b52ffd|5[0-9a-f]2a4d18)/, suffix: /\.(zst|tzst)$/i },
  {
    name: "bzip2",
    signature: /^425a683[1-9](314159265359|177245385090)/,
    suffix: /\.(bz2|tbz2)$/i,
  },
  { name: "xz", signature: /^fd377a585a00/, suffix: /\.t?xz$/i },
  { name: "lz4", signature: /^(04224d18|02214c18)/, suffix: /\.lz4$/i },
  { name: "zip", signature: /^504b(0304|0506|0708)/, suffix: /\.zip$/i },
  { name: "7z", signature: /^377abcaf271c/, suffix: /\.7z$/i },
  { name: "compress", signature: /^1f9d/ },
  { name: "lzip", signature: /^4c5a495001/ },
  { name: "lzop", signature: /^894c5a4f000d0a1a0a/ },
  { name: "snappy", signature: /^ff060000734e61507059/ },
  { name: "rar", signature: /^526172211a07/ },
];

/**
 * How an input is compressed, by its contents. Its name does not decide, but a file that is named like a compressed
 * one must be one.
 *
 * @returns undefined for a file that is not compressed
 * @throws MrError `INPUT_UNSUPPORTED` for a format that is not supported, `INPUT_MALFORMED` for a file that is not
 *   what its name says; its message is the end of a sentence
 */
export async function compressionOf(
  file: PlannedFile,
  name: string,
): Promise<Compression | undefined> {
  const head = Buffer.from(await headOf(file)).toString("hex");
  const found = FORMATS.find(({ signature }) => signature.test(head));
  if (found !== undefined) return supported(found);
  const named = FORMATS.find(({ suffix }) => suffix?.test(name));
  if (named === undefined) return undefined;
  if (head === "") throw new MrError("INPUT_MALFORMED", "unexpected end of file: it is empty");
  const why = `incorrect header check: its name is that of a ${named.name} file`;
  throw new MrError("INPUT_MALFORMED", why);
}

function supported({ name }: Format): Compression {
  if (name === "gzip" || name === "zstd") return name;
  const advice = "decompress it first, or compress it with gzip or zstd";
  throw new MrError("INPUT_UNSUPPORTED", `its format, ${name}, is not supported: ${advice}`);
}

async function headOf(file: PlannedFile): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  while (filled < HEAD_BYTES) {
    const reading = file.read(head, filled, HEAD_BYTES, filled);
    const count = typeof reading === "number" ? reading : await reading;
    if (count === 0) break;
    filled += count;
  }
  return head.subarray(0, filled);
}
