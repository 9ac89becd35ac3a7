import { MrError } from "../../base/errors.ts";

const MAGIC = 0xfd2fb528;
/** The magic numbers of skippable frames differ in their lowest four bits. */
const SKIPPABLE_MAGIC = 0x184d2a50;

const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** The lengths of the dictionary ID and of the content size, by their flags in the frame header. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/** What comes next in a frame. */
type Stage =
  /** The magic number of a frame. The file may end before it. */
  | "magic"
  /** The length of a skippable frame. */
  | "skippable"
  /** The byte that says how long the rest of the frame header is. */
  | "descriptor"
  /** The header of a block. */
  | "block";

/** The lengths of the fields that are read in these stages. */
const FIELD_BYTES: Readonly<Record<Stage, number>> = {
  magic: 4,
  skippable: 4,
  descriptor: 1,
  block: 3,
};

/**
 * Follows the frames of a zstd file (RFC 8878, section 3.1) by the lengths of their parts, to find out whether the
 * last one is complete: the decompressor of some Node versions ends without an error when it is not.
 */
export class ZstdFrames {
  #stage: Stage = "magic";
  /** The bytes of the next field that have been read, least significant first, and how many they are. */
  #field = 0;
  #fieldBytes = 0;
  /** How many bytes to skip before the next field. */
  #skip = 0;
  #hasChecksum = false;

  /** Whether the bytes so far are whole frames. */
  get isComplete(): boolean {
    return this.#stage === "magic" && this.#fieldBytes === 0 && this.#skip === 0;
  }

  /**
   * Takes the next bytes of the file.
   *
   * @throws MrError `INPUT_MALFORMED` for bytes that are no frame; its message is the end of a sentence
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      // A loop for each byte, but fields are a few bytes of each block of up to 128 KiB.
      while (this.#skip === 0 && at < bytes.length) {
        this.#field += (bytes[at] ?? 0) * 2 ** (8 * this.#fieldBytes);
        this.#fieldBytes += 1;
        at += 1;
        if (this.#fieldBytes === FIELD_BYTES[this.#stage]) this.#take();
      }
    }
  }

  #take(): void {
    const field = this.#field;
    this.#field = 0;
    this.#fieldBytes = 0;
    switch (this.#stage) {
      case "magic":
        if (field === MAGIC) this.#stage = "descriptor";
        else if (field - (field % 16) === SKIPPABLE_MAGIC) this.#stage = "skippable";
        else throw malformed("it has bytes that are no zstd frame");
        break;
      case "skippable":
        this.#skip = field;
        this.#stage = "magic";
        break;
      case "descriptor":
        this.#takeDescriptor(field);
        break;
      case "block":
        this.#takeBlock(field);
        break;
    }
  }

  #takeDescriptor(descriptor: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    this.#hasChecksum = (descriptor & 4) !== 0;
    const windowBytes = isSingleSegment ? 0 : 1;
    const sizeBytes = isSingleSegment && sizeFlag === 0 ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
    this.#skip = windowBytes + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + sizeBytes;
    this.#stage = "block";
  }

  #takeBlock(header: number): void {
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw malformed("it has a block of an unknown type");
    const size = header >> 3;
    this.#skip = type === RLE_BLOCK ? 1 : size;
    if ((header & 1) === 0) return;
    if (this.#hasChecksum) this.#skip += 4;
    this.#stage = "magic";
  }
}

function malformed(why: string): MrError {
  return new MrError("INPUT_MALFORMED", why);
}
