import { beforeEach, expect, it } from "vitest";
import { mrError } from "../support/mr-error.ts";
import { someSpeeches } from "../support/speeches.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

let job: AppUnderTest;
beforeEach(() => {
  job = new AppUnderTest();
});

it("finds the lines that grep finds, with flags and without", async () => {
  const files: string[] = [];
  for (const [name, text] of someSpeeches()) {
    job.write(name, text.replaceAll(". ", ".\n"));
    files.push(name);
  }
  const exact = await loadShipped("grep", { GREP: "(peace|war) (and|with)" });
  const found = await job.run(exact, files);
  expect(sorted(...found)).toEqual(sorted(job.shell(`grep -HE '(peace|war) (and|with)' *.txt`)));
  expect(sorted(...found).length).toBeGreaterThan(5);
  expect(job.counters["matching-lines"]).toBe(sorted(...found).length);

  const anyCase = await loadShipped("grep", { GREP: "^the constitution", GREP_FLAGS: "i" });
  const foundAnyCase = await job.run(anyCase, files);
  expect(sorted(...foundAnyCase)).toEqual(sorted(job.shell(`grep -HiE '^the constitution' *.txt`)));
});

it("keeps the lines of a file together and in its order, whatever their bytes", async () => {
  job.write("a.log", Buffer.from("x 3\nx 1\r\n-\nx \xff\nx 2", "latin1"));
  const app = await loadShipped("grep", { GREP: "x", GREP_FLAGS: "g" });
  const [output] = await job.run(app, ["a.log"], { reduces: 1, splitBytes: 5 });
  expect(output).toBe("a.log:x 3\na.log:x 1\na.log:x \uFFFD\na.log:x 2\n");
});

it("asks for a pattern, and says what is wrong with one", async () => {
  await expect(loadShipped("grep")).rejects.toThrow(mrError("USAGE", /^Set GREP to a pattern/));
  const why = "Set GREP to a regular expression of JavaScript, and GREP_FLAGS to its flags: ";
  await expect(loadShipped("grep", { GREP: "(" })).rejects.toMatchObject({
    name: "UsageError",
    message: `${why}Invalid regular expression: /(/: Unterminated group`,
  });
  await expect(loadShipped("grep", { GREP: "a", GREP_FLAGS: "x" })).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringContaining(why),
  });
});
