import { describe, expect, it } from "vitest";
import { LiveBlock } from "../../../src/mr/watch/terminal/live-block.ts";
import { Screen } from "../../support/screen.ts";

describe("a live block", () => {
  it("is drawn over itself, with the cursor hidden, and leaves nothing behind", () => {
    const screen = new Screen(20, 10);
    const block = new LiveBlock(screen);
    screen.write("$ tsmr\n");
    block.draw(["\x1b[32mone\x1b[39m", "two", "three"]);
    expect([screen.lines, screen.isCursorHidden]).toEqual([
      ["$ tsmr", "one", "two", "three"],
      true,
    ]);
    block.draw(["1"]);
    expect(screen.lines).toEqual(["$ tsmr", "1"]);
    block.draw(["1", "2"]);
    block.clear();
    block.clear();
    expect([screen.lines, screen.isCursorHidden]).toEqual([["$ tsmr"], false]);
    screen.write("done\n");
    expect(screen.lines).toEqual(["$ tsmr", "done"]);
  });

  it("stays below what is printed, long lines and unfinished ones included", () => {
    const screen = new Screen(10, 10);
    const block = new LiveBlock(screen);
    block.print("early");
    block.draw(["a", "b"]);
    block.print("a longer line\n");
    block.print("x\ny");
    expect(screen.lines).toEqual(["early", "a longer l", "ine", "x", "y", "a", "b"]);
    block.clear();
    block.print("late\n");
    expect(screen.lines).toEqual(["early", "a longer l", "ine", "x", "y", "late"]);
  });

  it("keeps its colours when something is printed", () => {
    let written = "";
    const write = (text: string) => {
      written += text;
    };
    const block = new LiveBlock({ columns: 80, write });
    block.draw(["\x1b[32mgreen\x1b[39m"]);
    written = "";
    block.print("above");
    expect(written).toContain("\x1b[32mgreen\x1b[39m");
  });

  it("is drawn over itself whatever a person types meanwhile, at the top and at the bottom", () => {
    for (const rows of [20, 5]) {
      const screen = new Screen(20, rows);
      const block = new LiveBlock(screen);
      screen.write("a\nb\nc\n");
      for (const [echo, number] of [
        ["", 1],
        ["\n", 2],
        ["^C", 3],
        ["\n\n", 4],
        ["ls -l\n", 5],
      ]) {
        screen.write(String(echo));
        block.draw(["one", "two", `three ${number}`]);
        expect(screen.lines).toEqual(["a", "b", "c", "one", "two", `three ${number}`]);
      }
      screen.write("\n");
      block.print("above\n");
      expect(screen.lines).toEqual(["a", "b", "c", "above", "one", "two", "three 5"]);
      screen.write("\n");
      block.clear();
      screen.write("done\n");
      expect(screen.lines).toEqual(["a", "b", "c", "above", "done"]);
    }
  });

  it("grows and shrinks where the terminal has to scroll for it", () => {
    const screen = new Screen(20, 4);
    const block = new LiveBlock(screen);
    screen.write("a\nb\nc\n");
    for (const height of [1, 3, 2, 3]) {
      const lines = ["one", "two", "three"].slice(0, height);
      block.draw(lines);
      screen.write("\n");
      expect(screen.lines).toEqual(["a", "b", "c", ...lines]);
    }
    block.clear();
    expect(screen.lines).toEqual(["a", "b", "c"]);
  });

  it("does not rely on the saved place when the terminal has another size", () => {
    const screen = new Screen(20, 10);
    const block = new LiveBlock(screen);
    block.draw(["0123456789abcdef", "b"]);
    screen.columns = 10;
    let written = "";
    screen.write = (text: string) => {
      written += text;
    };
    block.clear();
    // The cursor stands at the beginning of the first line, into however many it was broken.
    expect(written).toBe("\r\x1b[2K\n\x1b[J\x1b[1A\x1b[?25h");
  });
});
