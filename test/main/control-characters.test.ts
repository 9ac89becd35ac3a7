// Tests src/main: control characters of apps on terminals.

import { describe, expect, it } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { isSkippedFor } from "../support/needs.ts";
import { NO_SCRIPT } from "../support/script.ts";
import { newFolder } from "../support/tsmr.ts";

/** Clears the screen, and sets the title of the window. */
const EVIL = "\\x1b[2J\\x1b]0;gotcha\\x07\\x9b31m";
const SHOWN = "\\u{1b}[2J\\u{1b}]0;gotcha\\u{7}\\u{9b}31m";
const THROWS = `${MAP}export function reduce() { throw new Error("${EVIL}\\n\\tsecond line"); }`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe("control characters of an app", { concurrent: true }, () => {
  for (const options of [[], ["--quiet"], ["--verbose"]]) {
    it(`are shown, not sent to the terminal: of what it throws ${options.join("")}`, async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", THROWS);
      const args = ["run", "app.ts", "a", "--no-check", "--attempts", "1", ...options];
      const { code, stderr } = await folder.tsmr(...args).ended;
      expect(code).toBe(1);
      // Either reduce task may be the first to fail.
      expect(stderr).toContain(`: Error: ${SHOWN}\nError: ${SHOWN}\n\tsecond line\n`);
      expect(stderr).toMatch(/reduce of app\.ts failed on key "[xy]": Error/);
      expect(stderr).toMatch(/second line\n {4}at reduce .*app\.ts:/);
      expect(stderr).not.toMatch(CONTROL);
    });
  }

  it("are shown, not sent to the terminal: in a job of programs started by hand", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", THROWS);
    const coordinator = await folder.ready("a", "--attempts", "1");
    const worker = await folder.worker("app.ts").ended;
    const { stderr } = await coordinator.ended;
    expect(stderr).toContain(`mrcoordinator: reduce task`);
    expect(stderr).toContain(`Error: ${SHOWN}\nError: ${SHOWN}\n\tsecond line\n`);
    expect(stderr + worker.stderr).not.toMatch(CONTROL);
  });

  it("are shown, not sent to the terminal: in the reason for which a job is cancelled", async (context) => {
    const folder = newFolder(context);
    const coordinator = await folder.ready("a");
    await folder.tsmr("cancel", ".", "--reason", "a\x1b[2Jb").ended;
    expect((await coordinator.ended).stderr).toContain("is not complete: a\\u{1b}[2Jb\n");
  });

  it("are shown, not sent to the terminal: in one process", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", THROWS);
    const { code, stderr } = await folder.tsmr("sequential", "app.ts", "a").ended;
    expect(code).toBe(1);
    expect(stderr).toContain(SHOWN);
    expect(stderr).not.toMatch(CONTROL);
  });

  it("are shown, not sent to the terminal: in the name of a counter", async (context) => {
    const folder = newFolder(context);
    folder.write(
      "app.ts",
      `import { defineApp, lines } from "tsmr";
      export default defineApp({
        input: lines(),
        map: (_line, _emit, { counters }) => counters.add("${EVIL}"),
        reduce: () => 1,
      });`,
    );
    const { stderr } = await folder.tsmr("run", "app.ts", "a", "--no-check").ended;
    expect(stderr).toContain(`tsmr: ${SHOWN}: 1\n`);
    expect(stderr).not.toMatch(CONTROL);
  });

  it("are results as they are", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", MAP + REDUCE);
    folder.write("c", "\x1b[2J");
    const args = ["run", "app.ts", "c", "--no-check", "--top", "1"];
    expect((await folder.tsmr(...args).ended).stdout).toBe("\x1b[2J 1\n");
  });
});

it.skipIf(isSkippedFor(NO_SCRIPT))(
  "shows control characters of an app above the live view as well (needs Linux and its command script)",
  async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", THROWS);
    const args = ["run", "app.ts", "a", "--no-check", "--attempts", "1"];
    const command = folder.startOnTerminal(args, 200, 24);
    let shown = "";
    command.onOutput((text) => {
      shown += text;
    });
    expect(await command.code).toBe(1);
    expect(shown).toMatch(/reduce task \d, attempt 1, failed on worker \d .*\\u\{1b\}\[2J/);
    for (const sequence of ["\x1b[2J", "\x1b]0", "\x9b"]) expect(shown).not.toContain(sequence);
  },
);

it.skipIf(isSkippedFor(NO_SCRIPT))(
  "shows control characters of a key, where --top prints it to a terminal (needs Linux and its command script)",
  async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", MAP + REDUCE);
    folder.write("c", "\x1b]0;gotcha\x07\x9b2J");
    for (const [option, text] of [
      ["--top", "\\u{1b}]0;gotcha\\u{7}\\u{9b}2J 1"],
      ["--json", "\\u001b]0;gotcha\\u0007\\u009b2J"],
    ] as const) {
      const args = ["run", "app.ts", "c", "--out", option, "--no-check", "--quiet", "--top", "1"];
      const words = option === "--json" ? [...args, option] : args;
      const command = folder.startOnTerminal(words, 200, 24);
      let shown = "";
      command.onOutput((part) => {
        shown += part;
      });
      expect(await command.code).toBe(0);
      expect(shown).toContain(text);
      for (const sequence of ["\x1b]0", "\x07", "\x9b"]) expect(shown).not.toContain(sequence);
    }
  },
);
