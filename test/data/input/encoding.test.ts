// Tests the encodings that the readers of text take.

import { beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function recordsOf(reader: Reader<unknown>, contents: Uint8Array): Promise<unknown[]> {
  const { records } = await readContents(directory, reader, contents, { splitBytes: 7 });
  return records;
}

const latin1 = (text: string) => Buffer.from(text, "latin1");
/** The text 表示,テスト in Shift JIS, whose first character contains the byte of a backslash. */
const SHIFT_JIS = Buffer.from("955c8ea62c83658358836783", "hex");

describe("csv()", () => {
  it("F18 refuses bytes that are not UTF-8, which would make two fields equal", async () => {
    const contents = latin1('id,name\n1,José\n2,"a\nJosè"\n');
    await expect(recordsOf(csv(), contents)).rejects.toThrow(
      mrError(
        "INPUT_MALFORMED",
        'Cannot read input "input.txt": line 2, column 6: the byte 0xe9 is not UTF-8 ' +
          "(csv({ encoding }) reads other encodings)",
      ),
    );
    const places: string[] = [];
    const { skipped } = await readContents(directory, csv(), contents, {
      skipBadRecords: true,
      onSkipped: (place) => void places.push(place),
    });
    expect(skipped).toBe(2);
    expect(places).toEqual(["line 2, column 6", "line 4, column 4"]);
  });

  it("F18 refuses surrogates that form a pair, whose character has other bytes in UTF-8", async () => {
    const contents = Buffer.from("610af0909080 0aeda081edb080 0a".replaceAll(" ", ""), "hex");
    await expect(recordsOf(csv(), contents)).rejects.toThrow(
      mrError("INPUT_MALFORMED", "line 3, column"),
    );
  });

  it("reads the encoding that it is told, unless a byte order mark says another", async () => {
    const names = [{ id: "1", name: "José €" }];
    const reader = csv({ encoding: "latin1" });
    const rows = "id,name\n1,José €\n";
    const inLatin1 = latin1(rows.replace("€", "\x80"));
    expect(await recordsOf(reader, inLatin1)).toEqual(names);
    expect(await recordsOf(reader, Buffer.from(`\ufeff${rows}`))).toEqual(names);
    expect(await recordsOf(reader, Buffer.from(`\ufeff${rows}`, "utf16le"))).toEqual(names);
    expect(await recordsOf(csv({ encoding: "utf-16le" }), Buffer.from(rows, "utf16le"))).toEqual(
      names,
    );
  });

  it("refuses bytes that are no text in that encoding", async () => {
    const reader = csv({ encoding: "shift_jis", header: false });
    const whole = SHIFT_JIS.subarray(0, -1);
    expect(await recordsOf(reader, whole)).toEqual([["表示", "テスト"]]);
    await expect(recordsOf(reader, SHIFT_JIS)).rejects.toThrow(
      mrError("INPUT_MALFORMED", 'Cannot read input "input.txt": it is not SHIFT_JIS between'),
    );
  });
});
