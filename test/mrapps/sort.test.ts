import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { AppUnderTest, loadShipped } from "./app-under-test.ts";

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));

describe("sort", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("gives what sort gives, files one after the other, in parts of about equal size", async () => {
    const random = new Random(11);
    const lines: string[] = [];
    for (let line = 0; line < 4000; line++) {
      const key = Array.from({ length: 10 }, () => random.pick(PRINTABLE)).join("");
      lines.push(`${key} ${line}\n`);
      if (line % 50 === 0) lines.push("the same line\n");
    }
    job.write("a", lines.slice(0, 1000).join(""));
    job.write("b", lines.slice(1000).join(""));
    const outputs = await job.run(await loadShipped("sort"), ["a", "b"], {
      splitBytes: 20_000,
      reduces: 4,
    });
    expect(outputs.join("")).toBe(job.shell("sort a b"));
    const sizes = outputs.map((output) => output.split("\n").length);
    expect(Math.min(...sizes)).toBeGreaterThan(800);
  });

  it("gives what sort gives with boundaries of one's own", async () => {
    job.write("names", "tom\nann\nbob\nfay\nmia\nzoe\nf\n\nann\n");
    const app = await loadShipped("sort", { SORT: "f m t" });
    const outputs = await job.run(app, ["names"], { reduces: 4 });
    expect(outputs).toEqual(["\nann\nann\nbob\n", "f\nfay\n", "mia\n", "tom\nzoe\n"]);
  });

  it.each(["m f", "f f", "f  m"])("refuses boundaries that are not in order: %j", async (given) => {
    await expect(loadShipped("sort", { SORT: given })).rejects.toMatchObject({
      name: "UsageError",
      message: `SORT says where output files begin, in ascending order, not "${given}"`,
    });
  });

  it("leaves the outputs empty that are more than its boundaries make", async () => {
    job.write("names", "tom\nann\n");
    const outputs = await job.run(await loadShipped("sort", { SORT: "m" }), ["names"], {
      reduces: 4,
    });
    expect(outputs).toEqual(["ann\n", "tom\n", "", ""]);
  });

  it("drops the CR of line ends and a byte order mark, other than sort", async () => {
    job.write("names", "\uFEFFtom\r\nann\r\n\r\nb\rob");
    const outputs = await job.run(await loadShipped("sort"), ["names"], { reduces: 1 });
    expect(outputs).toEqual(["\nann\nb\rob\ntom\n"]);
    expect(outputs.join("")).toBe(job.shell(`(tail -c +4 names; echo) | sed 's/\\r$//' | sort`));
  });

  it("keeps the order of bytes over all output files, whatever the lines are", async () => {
    const app = await loadShipped("sort");
    const line = fc.string({
      unit: fc.oneof(
        fc.constantFrom("a", "b", "~", " ", "\t", "\x7f", "é", "\u{1F600}"),
        fc.string({ maxLength: 1 }),
      ),
      maxLength: 4,
    });
    const { partition } = app;
    if (partition === undefined) throw new Error("The app has no partitioner");
    fc.assert(
      fc.property(line, line, fc.integer({ min: 1, max: 3000 }), (a, b, reduces) => {
        const [parts, order] = [
          partition(a, reduces) - partition(b, reduces),
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
        ];
        expect(parts === 0 || Math.sign(parts) === order).toBe(true);
        expect(partition(a, reduces)).toBeGreaterThanOrEqual(0);
        expect(partition(a, reduces)).toBeLessThan(reduces);
      }),
      { numRuns: 2000 },
    );
  });
});
