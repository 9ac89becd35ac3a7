import { inflateSync } from "node:zlib";
import { MrError } from "../../base/errors.ts";
import type { PlannedFile } from "./planned-file.ts";

/** The formats of compressed files that are decompressed while they are read. */
export type Compression = "gzip" | "zstd";

/** How much of a file the signatures below need: that of tar is at byte 257. */
const HEAD_BYTES = 265;

/** The method of compression in the first byte of a zlib stream, whose other bits are the size of the window. */
const DEFLATE = 8;

interface Format {
  readonly name: string;
  /** The first bytes of each file in this format, in hexadecimal. Undefined if they are not the same. */
  readonly signature?: RegExp;
  /** For a format whose first bytes are those of texts, too. */
  readonly test?: (head: Uint8Array) => boolean;
  /** The usual ends of names, with which a file in another format is damaged. */
  readonly suffix?: RegExp;
  /** Whether it holds files, with their names. */
  readonly isArchive?: boolean;
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
  { name: "zip", signature: /^504b(0304|0506|0708)/, suffix: /\.zip$/i, isArchive: true },
  { name: "7z", signature: /^377abcaf271c/, suffix: /\.7z$/i, isArchive: true },
  { name: "compress", signature: /^1f9d/ },
  { name: "lzip", signature: /^4c5a495001/ },
  { name: "lzop", signature: /^894c5a4f000d0a1a0a/ },
  { name: "snappy", signature: /^ff060000734e61507059/ },
  { name: "rar", signature: /^526172211a07/, isArchive: true },
  // The magic number of POSIX and that of GNU.
  { name: "tar", signature: /^.{514}7573746172(003030|202000)/, isArchive: true },
  // The usual properties, the size of the dictionary, that of the contents (unknown, or below 2^40), and a 0.
  { name: "lzma", signature: /^5d00[0-9a-f]{6}(f{16}|[0-9a-f]{10}000000)00/ },
  { name: "zlib", test: isZlib },
  { name: "gzip after other bytes", signature: /^((00)+|efbbbf)1f8b08/ },
  { name: "brotli", suffix: /\.br$/i },
  { name: "lzma", suffix: /\.lzma$/i },
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
  const head = await headOf(file);
  const found = formatOf(head);
  if (found !== undefined) return supported(found);
  const named = FORMATS.find(({ suffix }) => suffix?.test(name));
  if (named === undefined) return undefined;
  if (named.signature === undefined) return supported(named);
  if (head.length === 0)
    throw new MrError("INPUT_MALFORMED", "unexpected end of file: it is empty");
  const why = `incorrect header check: its name is that of a ${named.name} file`;
  throw new MrError("INPUT_MALFORMED", why);
}

/**
 * Refuses a file whose contents are compressed once more, or are an archive.
 *
 * @param contents the first bytes of the decompressed file
 * @throws MrError `INPUT_UNSUPPORTED`; its message is the end of a sentence
 */
export function checkDecompressed(contents: Uint8Array): void {
  const found = formatOf(contents.subarray(0, HEAD_BYTES));
  if (found === undefined) return;
  const advice = found.isArchive === true ? "extract its files" : "decompress it twice";
  const why = `its decompressed contents are in the format ${found.name}: ${advice} first`;
  throw new MrError("INPUT_UNSUPPORTED", why);
}

function formatOf(head: Uint8Array): Format | undefined {
  const digits = Buffer.from(head).toString("hex");
  return FORMATS.find(({ signature, test }) => signature?.test(digits) || test?.(head));
}

/**
 * Whether this is the beginning of a zlib stream (RFC 1950). Its two bytes of header are also text, such as `x^`
 * and `X` with a tab. So what follows must inflate, to the end of a file that has no more than these bytes.
 */
function isZlib(head: Uint8Array): boolean {
  const [first = 0, second = 0] = head;
  const isHeader = (first & 0x8f) === DEFLATE && (first * 256 + second) % 31 === 0;
  if (!isHeader) return false;
  try {
    inflateSync(head);
    return true;
  } catch (error) {
    return isCutShort(error) && head.length === HEAD_BYTES;
  }
}

/** Whether a stream is right as far as it goes. */
function isCutShort(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR";
}

function supported({ name, isArchive }: Format): Compression {
  if (name === "gzip" || name === "zstd") return name;
  const advice = isArchive === true ? "extract its files first" : "decompress it first";
  const why = `its format, ${name}, is not supported: ${advice}, or compress it with gzip or zstd`;
  throw new MrError("INPUT_UNSUPPORTED", why);
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
