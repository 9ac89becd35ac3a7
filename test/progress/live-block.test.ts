import { describe, expect, it } from "vitest";
import { LiveBlock } from "../../src/mr/progress/live-block.ts";
import { Screen } from "../support/screen.ts";

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

  it("is erased where the terminal does not know its width", () => {
    let written = "";
    const block = new LiveBlock({
      columns: 0,
      write: (text) => {
        written += text;
      },
    });
    block.draw(["a", "b"]);
    written = "";
    block.clear();
    expect(written).toBe("\r\x1b[1A\x1b[J\x1b[?25h");
  });

  it("is erased to its last row where the terminal has broken its lines anew", () => {
    const wide = new Screen(20, 10);
    const block = new LiveBlock(wide);
    block.draw(["0123456789abcdef", "b"]);
    // What the terminal makes of it at half the width.
    let written = "";
    wide.columns = 10;
    wide.write = (text: string) => {
      written += text;
    };
    block.clear();
    const narrow = new Screen(10, 10);
    narrow.write(`before\n0123456789abcdef\nb${written}`);
    expect(narrow.lines).toEqual(["before"]);
  });
});
