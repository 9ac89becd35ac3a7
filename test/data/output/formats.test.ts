// Tests the output formats in src/mr/data/output and json-lines.ts.

import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import type { Output } from "../../../src/mr/app/contract/contract.ts";
import { ByteBuffer } from "../../../src/mr/base/byte-target.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { LineSink, text, tsv } from "../../../src/mr/data/output/formats.ts";

function written(output: Output<unknown>, key: string, value: unknown): string {
  const buffer = new ByteBuffer(4);
  output.write(
    new ByteSlice(Buffer.from(`-${key}-`), 1, 1 + Buffer.byteLength(key)),
    value,
    new LineSink(buffer),
  );
  return buffer.bytes.toString("utf8", 0, buffer.length);
}

const long = "é".repeat(1000);

describe("text()", () => {
  it.each<[unknown, string]>([
    ["a string", "a string"],
    [long, long],
    [7, "7"],
    [-1.5, "-1.5"],
    [true, "true"],
    [null, "null"],
    [[1, "a"], '[1,"a"]'],
    [{ a: 1 }, '{"a":1}'],
    [new ByteSlice(Buffer.from("xyz"), 1, 2), "y"],
  ])("writes the key, a space and %j as it is", (value, expected) => {
    expect(written(text(), "kéy", value)).toBe(`kéy ${expected}\n`);
  });

  it.each([NaN, [undefined], 1n, () => 1])("refuses %s", (value) => {
    expect(() => written(text(), "k", value)).toThrow(TypeError);
  });
});

describe("tsv()", () => {
  it("writes the key and the value, or each element of it, with tabs between them", () => {
    expect(written(tsv(), "k", "v")).toBe("k\tv\n");
    const values = ["a", 1, null, new ByteSlice(Buffer.from("b\tc"))];
    expect(written(tsv(), "k", values)).toBe("k\ta\t1\tnull\tb\\tc\n");
  });

  it("escapes what would break a line or a field", () => {
    expect(written(tsv(), "k\t\\\n", "a\r\nb\t\\")).toBe("k\\t\\\\\\n\ta\\r\\nb\\t\\\\\n");
  });
});

describe("jsonLines() as output", () => {
  it("writes an object of key and value, which it reads as input", () => {
    expect(written(jsonLines(), 'k"', [1, { a: "é" }])).toBe(
      '{"key":"k\\"","value":[1,{"a":"é"}]}\n',
    );
    const slice = new ByteSlice(Buffer.from("v"));
    expect(written(jsonLines(), "k", slice)).toBe('{"key":"k","value":"v"}\n');
  });

  it("refuses what JSON can't carry", () => {
    expect(() => written(jsonLines(), "k", { a: NaN })).toThrow("the value's .a is NaN");
    expect(() => written(tsv(), "k", ["a", { b: 1n }])).toThrow(
      "the value's [1].b is the bigint 1",
    );
  });

  it("F18 refuses keys and slices that are not UTF-8, which would look like each other", () => {
    const odd = new ByteSlice(Uint8Array.of(0x61, 0xff));
    const sink = { bytes: () => undefined, text: () => undefined };
    expect(() => jsonLines().write(odd, 1, sink)).toThrow(TypeError);
    expect(() => jsonLines().write(odd, 1, sink)).toThrow(
      "the key is no UTF-8 (bytes 61ff in hexadecimal), which JSON can't carry",
    );
    expect(() => written(jsonLines(), "k", odd)).toThrow("the value is no UTF-8 (bytes 61ff");
    expect(written(jsonLines(), "\ufffd", "\ufffd")).toBe('{"key":"\ufffd","value":"\ufffd"}\n');
  });
});
