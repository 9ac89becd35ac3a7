import { expect, it } from "vitest";
import { plural } from "../../src/mr/base/text.ts";

it("what is counted is one, or more than one", () => {
  expect([0, 1, 2].map((count) => plural(count, "task"))).toEqual(["0 tasks", "1 task", "2 tasks"]);
  expect(plural(1000, "map task", (count) => `${count / 1000}k`)).toBe("1k map tasks");
});
