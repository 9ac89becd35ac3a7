import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { inexactNumbers, mayHaveInexactNumbers } from "../../../src/mr/data/input/json-numbers.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readContents } from "./reading.ts";

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

async function recordsOf(reader: Reader<unknown>, contents: string | Uint8Array) {
  return (await readContents(directory, reader, contents)).records;
}

const INEXACT = [
  "9007199254740993",
  "-9007199254740993",
  "9007199254740993.0",
  "9.007199254740993e15",
  "-0.09007199254740993E+17",
  "90071992547409930e-1",
  "1.0000000000000001e+30",
  "12345678901234567890",
  "1e400",
  "-1.5E+400",
  "1e-400",
  "9".repeat(400),
  "1700000000.123456789",
  "-0.1234567890123456789",
  "12345678.90123456789e1",
  "1.00000000000000001",
  "0.000100000000000000005",
  "123456789012345678e-10",
  `0.${"3".repeat(400)}`,
  "0.30000000000000001",
  "1.0000000000000001",
  "1700000000.1234568",
  "-1700000000.1234566e-9",
  "638000000000.00001",
  "4503599627370497.3",
  "3e-324",
];
const EXACT = [
  "9007199254740992",
  "9007199254740991",
  "1000000000000000000000000",
  "52.520006600000002",
  "-0.30000000000000004",
  "0.29999999999999999",
  "1700000000.123456700",
  "1.50000000000000000000000",
  "0.0000000000000000000012345678901234566",
  `0.${"0".repeat(300)}1`,
  "2.5e-300",
  "9007199254740993e5",
  "1.0000000000000000e+30",
  "9.007199254740992e15",
  "90071992547409920e-1",
  "6.02214076e23",
  "1e308",
  "1.7976931348623157e+308",
  "1.0000000000000002",
  // C prints these with %.17g.
  "562949953421312.12",
  "562949953421312.38",
  "1700000000.1234567",
  "4.9e-324",
  "4.9406564584124654e-324",
  "5e-324",
  "0e999",
  "-0.000",
  "0.00000000000000000001",
];

describe("jsonLines()", () => {
  it.each(INEXACT)("F51 refuses a number that a double can't stand for: %s", async (number) => {
    const line = `{"user":${number},"n":1}`;
    await expect(recordsOf(jsonLines(), `{}\n${line}\n`)).rejects.toThrow(
      mrError(
        "INPUT_MALFORMED",
        `line 2, column 9: the number ${number.slice(0, 40)}`,
        "not exact",
      ),
    );
    const { records, skipped } = await readContents(directory, jsonLines(), `${line}\n7`, {
      skipBadRecords: true,
    });
    expect({ records, skipped }).toEqual({ records: [7], skipped: 1 });
    const text = jsonLines({ inexactNumbers: "text" });
    expect(await recordsOf(text, line)).toEqual([{ user: number, n: 1 }]);
    const round = jsonLines({ inexactNumbers: "round" });
    expect(await recordsOf(round, line)).toEqual([JSON.parse(line)]);
  });

  it.each(EXACT)("reads a number that a double stands for: %s", async (number) => {
    expect(await recordsOf(jsonLines(), `[${number}]`)).toEqual([[Number(number)]]);
  });

  it("leaves digits in strings alone", async () => {
    const line = JSON.stringify({ 'a\\"9007199254740993': '\\\\" 9007199254740993,1e400' });
    expect(await recordsOf(jsonLines(), line)).toEqual([JSON.parse(line)]);
    const text = jsonLines({ inexactNumbers: "text" });
    expect(await recordsOf(text, `[${line},9007199254740993]`)).toEqual([
      [JSON.parse(line), "9007199254740993"],
    ]);
  });

  it("refuses an option that has no meaning", () => {
    expect(() => jsonLines({ inexactNumbers: "keep" as "text" })).toThrow(
      'jsonLines: "inexactNumbers" is "refuse", "text" or "round", not "keep"',
    );
  });

  it("F18 refuses bytes that are not UTF-8, surrogates that form a pair among them", async () => {
    const broken: [bytes: Buffer, column: number][] = [
      [Buffer.from('{"name":"Jos\xe9"}', "latin1"), 13],
      [Buffer.from("22eda081edb08022", "hex"), 2],
    ];
    for (const [bytes, column] of broken) {
      await expect(recordsOf(jsonLines(), bytes)).rejects.toThrow(
        mrError("INPUT_MALFORMED", `line 1, column ${column}`, "is not UTF-8"),
      );
    }
    // U+FFFD itself, and the three bytes of a lone surrogate.
    const fine = Buffer.from("22efbfbdeda08122", "hex");
    expect(await recordsOf(jsonLines(), fine)).toEqual(["\ufffd\ud801"]);
    const latin1 = jsonLines({ encoding: "latin1" });
    expect(await recordsOf(latin1, broken[0]?.[0] ?? "")).toEqual([{ name: "José" }]);
  });
});

/** The whole number that a number in JSON is, or undefined. */
function wholeNumberOf(number: string): bigint | undefined {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const unit = 10n ** BigInt(-shift);
  return digits % unit === 0n ? digits / unit : undefined;
}

describe("inexactNumbers", () => {
  it("F51 leaves no two whole numbers that are one double, whatever their form", () => {
    const near = fc.tuple(
      fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 40n }),
      fc.constantFrom(1n, 2n ** 11n, 2n ** 40n, 10n ** 7n, 10n ** 20n),
    );
    const form = fc
      .tuple(near, fc.integer({ min: -5, max: 30 }), fc.nat(3))
      .map(([[n, by], shift, zeros]) => {
        const digits = String(n * by) + "0".repeat(zeros);
        const point = Math.max(1, Math.min(digits.length, digits.length - shift));
        const text =
          point === digits.length ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
        return `${text}e${digits.length - zeros - point}`;
      });
    fc.assert(
      fc.property(form, form, (a, b) => {
        if (Number(a) !== Number(b) || inexactNumbers(`[${a},${b}]`).length > 0) return;
        expect(wholeNumberOf(a)).toBe(wholeNumberOf(b));
      }),
      { numRuns: 3000, examples: [["9.007199254740993e15", "9007199254740992"]] },
    );
  });
});

describe("inexactNumbers of fractions", () => {
  const digits = fc.integer({ min: 1, max: 25 }).chain((length) => {
    return fc.string({
      unit: fc.constantFrom("0", "1", "4", "9"),
      minLength: length,
      maxLength: length,
    });
  });
  const fraction = fc
    .tuple(fc.nat(20), digits, fc.integer({ min: -30, max: 5 }))
    .map(([whole, rest, exponent]) => `${whole}.${rest}${exponent === 0 ? "" : `e${exponent}`}`);

  it("F51 leaves none but those that are their double, rounded to as many digits", () => {
    fc.assert(
      fc.property(fraction, (text) => {
        if (inexactNumbers(`[${text}]`).length > 0) return;
        const significant = text.replace(/e.*/, "").replace(".", "").replace(/^0+/, "");
        const { length } = significant.replace(/0+$/, "");
        expect(length).toBeLessThanOrEqual(17);
        if (length > 0) expect(Number(Number(text).toPrecision(length))).toBe(Number(text));
      }),
    );
  });

  it("F51 leaves no two of the same number of digits that are one double", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e9, max: 2 ** 53 }),
        fc.integer({ min: 1, max: 9 }),
        (a, by) => {
          const text = a.toPrecision(17);
          const last = Number(text.at(-1));
          const other = text.slice(0, -1) + String((last + by) % 10);
          // Halfway between two decimals, a double is printed as either. With a 0 at its end, a text is shorter.
          if (a.toPrecision(18).endsWith("5") || other.endsWith("0")) return;
          if (Number(other) === Number(text) && text.includes(".")) {
            expect(inexactNumbers(`[${other}]`)).toHaveLength(1);
          }
        },
      ),
      { examples: [[1700000000.1234567, 1]], numRuns: 1000 },
    );
  });

  it("F51 leaves what programs print of a double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        if (Math.abs(value) >= 2 ** 53) return;
        const texts = [JSON.stringify(value), value.toPrecision(17), value.toPrecision(16)];
        for (const text of [...texts, value.toExponential(16), value.toExponential(5)]) {
          // Few digits of a subnormal double may be those of another one.
          if (Number(text) !== value && Math.abs(value) < 2 ** -1022) continue;
          expect(inexactNumbers(`[${text}]`)).toEqual([]);
        }
      }),
    );
  });
});

describe("mayHaveInexactNumbers", () => {
  it("is true for each line in which there are some, wherever they are", () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    const number = fc.oneof(fc.constantFrom(...INEXACT, ...EXACT), double);
    const part = fc.oneof(number, fc.constantFrom('"x"', "[]", '{"e":1}', "null", " 1 "));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.nat(8), (parts, start) => {
        const text = `[${parts.join(",")}]`;
        const bytes = Buffer.from(" ".repeat(start) + text);
        if (inexactNumbers(text).length === 0) return;
        expect(mayHaveInexactNumbers(bytes, start, bytes.length)).toBe(true);
      }),
    );
  });

  it("is false for a line of ordinary numbers, so that it costs little", () => {
    const line = Buffer.from('{"id":123456789012345,"at":1.5e10,"x":"e100","n":12.50}');
    expect(mayHaveInexactNumbers(line, 0, line.length)).toBe(false);
  });
});
