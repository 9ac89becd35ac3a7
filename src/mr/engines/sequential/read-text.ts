import { promisify, TextDecoder } from "node:util";
import * as zlib from "node:zlib";
import { inputError, MrError } from "../../base/errors.ts";
import { replacedUtf8At } from "../../base/utf8.ts";
import { checkDecompressed, compressionOf } from "../../data/input/compression.ts";
import { openPlanned, type PlannedFile } from "../../data/input/planned-file.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { storageFor } from "../../storage/registry.ts";

/** A decompressor of zlib that also says, with `info`, how many bytes it has used. */
type Decompress = (
  contents: Buffer,
  options: { readonly info: true },
) => Promise<{ readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }>;

const BLOCK_BYTES = 1024 * 1024;

/** The text of an input. */
interface InputText {
  readonly text: string;
  /** The length of the input in bytes, uncompressed. */
  readonly bytes: number;
  /** The first byte that is not UTF-8, for which U+FFFD is in the text. */
  readonly replaced?: { readonly at: number; readonly byte: number };
}

/**
 * The text of an input, decompressed.
 *
 * @throws MrError when it cannot be read, is damaged, or has changed since the job was planned
 */
export async function readText(
  { url: file, size, version }: InputFile,
  directory: string,
): Promise<InputText> {
  const opened = await openPlanned(storageFor, directory, { file, size, version });
  try {
    const compression = await compressionOf(opened, file);
    const contents = await readAll(opened);
    await opened.checkUnchanged();
    if (compression === undefined) return decodeText(contents);
    const decompress = compression === "gzip" ? gunzip : decompressZstd;
    const decompressed = await decompress(contents);
    checkDecompressed(decompressed);
    return decodeText(decompressed);
  } catch (error) {
    throw inputError(file, error);
  } finally {
    opened.close();
  }
}

/** Decodes UTF-16 if it begins with that byte order mark, which is removed; otherwise UTF-8. */
function decodeText(contents: Buffer): InputText {
  if (["fffe0000", "0000feff"].includes(contents.toString("hex", 0, 4))) {
    throw new MrError("INPUT_UNSUPPORTED", "it is UTF-32: convert it to UTF-8 first");
  }
  const { length: bytes } = contents;
  const mark = contents.toString("latin1", 0, 2);
  if (mark !== "\xff\xfe" && mark !== "\xfe\xff") {
    const text = contents.toString("utf8");
    const at = replacedUtf8At(contents, text);
    const byte = contents[at];
    return { text, bytes, ...(byte === undefined ? {} : { replaced: { at, byte } }) };
  }
  const encoding = mark === "\xff\xfe" ? "utf-16le" : "utf-16be";
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(contents), bytes };
  } catch {
    throw new MrError("INPUT_MALFORMED", `it is not ${encoding.toUpperCase()}`);
  }
}

async function readAll(file: PlannedFile): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let position = 0; ; ) {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const count = await file.read(block, 0, block.length, position);
    if (count === 0) return Buffer.concat(blocks);
    position += count;
    blocks.push(block.subarray(0, count));
  }
}

async function gunzip(contents: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let rest = contents; rest.length > 0; ) {
    const { buffer, engine } = await (promisify(zlib.gunzip) as unknown as Decompress)(rest, {
      info: true,
    });
    parts.push(buffer);
    // Node ends before zero padding, but further members may follow it.
    rest = rest.subarray(engine.bytesWritten);
    const padding = rest.findIndex((byte) => byte !== 0);
    rest = rest.subarray(padding < 0 ? rest.length : padding);
    if (rest.length > 0 && rest[0] !== 0x1f) {
      throw new MrError("INPUT_MALFORMED", "other bytes follow its compressed contents");
    }
  }
  return Buffer.concat(parts);
}

/** Node may decompress only the first frame, and a part of a frame without an error, so each is taken alone. */
async function decompressZstd(contents: Buffer): Promise<Buffer> {
  // Node 22.15 brought zstd; the types of Node 20 don't know it.
  const { zstdDecompress } = zlib as { zstdDecompress?: (contents: Buffer) => void };
  if (zstdDecompress === undefined) {
    throw new MrError("INPUT_UNSUPPORTED", `Node ${process.version} has no zstd (22.15 has)`);
  }
  const parts: Buffer[] = [];
  for (let start = 0; start < contents.length; ) {
    const { end, isSkippable } = frameAt(contents, start);
    if (end > contents.length) throw cut();
    const frame = contents.subarray(start, end);
    if (!isSkippable) {
      const { buffer } = await (promisify(zstdDecompress) as unknown as Decompress)(frame, {
        info: true,
      });
      parts.push(buffer);
    }
    start = end;
  }
  return Buffer.concat(parts);
}

/** The frame of zstd (RFC 8878, section 3.1) that begins at `start`; its end is beyond the contents if it is cut. */
function frameAt(contents: Buffer, start: number): { end: number; isSkippable: boolean } {
  try {
    const magic = contents.readUInt32LE(start);
    if (magic >>> 4 === 0x184d2a5) {
      return { end: start + 8 + contents.readUInt32LE(start + 4), isSkippable: true };
    }
    if (magic !== 0xfd2fb528) {
      throw new MrError("INPUT_MALFORMED", "it has bytes that are no zstd frame");
    }
    const flags = contents.readUInt8(start + 4);
    const isSingleSegment = (flags & 0b10_0000) !== 0;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
    const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
    let at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
    for (;;) {
      const header = contents.readUIntLE(at, 3);
      const isRunLength = ((header >> 1) & 3) === 1;
      at += 3 + (isRunLength ? 1 : header >> 3);
      if ((header & 1) === 1) return { end: at + (flags & 4), isSkippable: false };
    }
  } catch (error) {
    throw error instanceof RangeError ? cut() : error;
  }
}

function cut(): MrError {
  return new MrError("INPUT_MALFORMED", "unexpected end of file");
}
