// Tests the links in all Markdown pages.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import fastGlob from "fast-glob";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Links of a Markdown file that lead to no file, or to no heading of one. */
function brokenLinks(file: string): string[] {
  const page = withoutCode(readFileSync(file, "utf8"));
  const targets = [...page.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", heading] = target.split("#");
    const linked = path === "" ? file : resolve(dirname(file), path);
    if (!existsSync(linked)) return true;
    return heading !== undefined && !headingsOf(linked).includes(heading);
  });
}

function withoutCode(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, "");
}

/** What GitHub calls the headings of a page in links. */
function headingsOf(file: string): string[] {
  const page = withoutCode(readFileSync(file, "utf8"));
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => {
    return title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/ /g, "-");
  });
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

describe("the documentation", () => {
  const pages = fastGlob.sync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort(byName);

  it.each(pages)("has links to what exists only: %s", (page) => {
    expect(brokenLinks(join(ROOT, page))).toEqual([]);
  });

  it("would not pass with a link to a file or to a heading that does not exist", () => {
    const directory = temporaryDirectory();
    const page = join(directory, "page.md");
    writeFileSync(
      page,
      "# One, and 2\n[a](gone.md) [b](page.md#one-and-2) [c](#two) [d](https://x.example)\n",
    );
    expect(brokenLinks(page)).toEqual(["gone.md", "#two"]);
  });
});
