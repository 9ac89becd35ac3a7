import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { UsageError } from "../../../src/mr/base/errors.ts";
import { resolveInputs, statInput } from "../../../src/mr/storage/registry.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

function write(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(cwd, name, ".."), { recursive: true });
    writeFileSync(join(cwd, name), "text");
  }
}

const resolve = async (...args: string[]) => (await resolveInputs(args, cwd)).map(({ url }) => url);

describe("the inputs of a job", () => {
  it("keep the order and the form in which they were given", async () => {
    write("b.txt", "a.txt", "sub/c.txt");
    const absolute = join(cwd, "a.txt");
    const args = ["sub/c.txt", "b.txt", absolute, "./a.txt", "sub/../b.txt"];
    expect(await resolve(...args)).toEqual(args);
  });

  it("come with their sizes and versions, which change when a file does", async () => {
    writeFileSync(join(cwd, "a.txt"), "text");
    const [before] = await resolveInputs(["a.txt"], cwd);
    expect(before).toMatchObject({ url: "a.txt", size: 4 });
    expect(await resolveInputs(["*.txt"], cwd)).toEqual([before]);
    utimesSync(join(cwd, "a.txt"), 1, 1.5);
    const after = await statInput("a.txt", cwd);
    expect(after).toMatchObject({ url: "a.txt", size: 4 });
    expect(after.version).toMatch(/^1500000000(\/\d+)?$/);
  });

  it("of a pattern are in the order of their names' bytes", async () => {
    write("b10.txt", "b9.txt", "B.txt", "\u{1F600}.txt", "\uFF5E.txt", "é.txt", "x.md");
    expect(await resolve("*.txt")).toEqual([
      "B.txt",
      "b10.txt",
      "b9.txt",
      "é.txt",
      "\uFF5E.txt",
      "\u{1F600}.txt",
    ]);
  });

  it("may come from patterns over many directories, and absolute ones", async () => {
    write("x/1.txt", "x/y/2.txt", "z/3.txt", "z/4.md");
    expect(await resolve("**/*.txt")).toEqual(["x/1.txt", "x/y/2.txt", "z/3.txt"]);
    expect(await resolve("{x,z}/*")).toEqual(["x/1.txt", "z/3.txt", "z/4.md"]);
    expect(await resolve(join(cwd, "z/*"))).toEqual([join(cwd, "z/3.txt"), join(cwd, "z/4.md")]);
  });

  it("may have names that look like patterns", async () => {
    write("a[1].txt", "a1.txt", "what?.txt");
    expect(await resolve("a[1].txt", "what?.txt")).toEqual(["a[1].txt", "what?.txt"]);
    expect(await resolve("a[12].txt")).toEqual(["a1.txt"]);
  });

  it("F17: of a directory are the files in it, without hidden ones and deeper ones", async () => {
    write("books/b.txt", "books/a.txt", "books/.hidden", "books/deeper/c.txt");
    expect(await resolve("books")).toEqual(["books/a.txt", "books/b.txt"]);
    expect(await resolve("books/")).toEqual(["books/a.txt", "books/b.txt"]);
  });

  it("F17: are refused when a directory has no files directly in it, by its name", async () => {
    mkdirSync(join(cwd, "empty/deeper"), { recursive: true });
    await expect(resolve("empty")).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"empty"', '"empty/**" means all below it'),
    );
  });

  it("F16: may be empty files", async () => {
    writeFileSync(join(cwd, "empty.txt"), "");
    expect(await resolve("empty.txt")).toEqual(["empty.txt"]);
  });

  it("F16: are refused when a pattern matches nothing, and the pattern is repeated", async () => {
    write("a.txt");
    await expect(resolve("a.txt", "*.csv")).rejects.toThrow(mrError("INPUT_NOT_FOUND", '"*.csv"'));
  });

  it("F15: are refused when one is missing, by its name and with the cause", async () => {
    write("a.txt");
    const missing = 'Cannot read input "nope.txt": no such file or directory (ENOENT)';
    await expect(resolve("a.txt", "nope.txt")).rejects.toThrow(mrError("INPUT_NOT_FOUND", missing));
    await expect(resolve("a.txt/b.txt")).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"a.txt/b.txt"', "ENOTDIR"),
    );
  });

  it("are refused when a path leads nowhere: a loop of links, a dangling link, a name too long", async () => {
    symlinkSync("loop.txt", join(cwd, "loop.txt"));
    symlinkSync("nowhere", join(cwd, "dangling.txt"));
    const tooLong = "n".repeat(300);
    await expect(resolve("loop.txt")).rejects.toThrow(
      mrError("INPUT_UNREADABLE", '"loop.txt"', "ELOOP"),
    );
    await expect(resolve("dangling.txt")).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"dangling.txt"', "ENOENT"),
    );
    await expect(resolve(tooLong)).rejects.toThrow(
      mrError("INPUT_UNREADABLE", tooLong, "ENAMETOOLONG"),
    );
  });

  it("are each found once, by a name without links if there is one", async () => {
    write("logs/a/x.log", "logs/b/y.log", "other/z.log", "other/deep/w.log");
    symlinkSync("../logs", join(cwd, "logs/self"));
    symlinkSync("../b", join(cwd, "logs/a/to-b"));
    symlinkSync("../a", join(cwd, "logs/b/to-a"));
    symlinkSync("../other", join(cwd, "logs/out"));
    symlinkSync("../../other", join(cwd, "logs/a/out"));
    symlinkSync("x.log", join(cwd, "logs/a/current.log"));
    symlinkSync("/", join(cwd, "logs/root"));
    const inside = ["logs/a/x.log", "logs/b/y.log"];
    const outside = ["logs/a/out/deep/w.log", "logs/a/out/z.log"];
    expect(await resolve("logs/**/*.log")).toEqual([...outside, ...inside].sort());
    expect(await resolve(join(cwd, "logs/**/x.log"))).toEqual([join(cwd, "logs/a/x.log")]);
    expect(await resolve("logs/a/*.log")).toEqual(["logs/a/x.log"]);
    expect(await resolve("logs/self/a/*.log")).toEqual(["logs/self/a/x.log"]);
    expect(await resolve("logs/a")).toEqual(["logs/a/x.log"]);
    expect(await resolve("logs/a/current.log")).toEqual(["logs/a/current.log"]);
    expect(await resolve("{logs/a,logs/self/a,logs/b/to-a}/*")).toHaveLength(1);
  });

  it("are each found once in a directory of links", async () => {
    write("files/1", "links/own");
    for (const name of ["a", "b"]) symlinkSync("../files/1", join(cwd, "links", name));
    symlinkSync("own", join(cwd, "links/before"));
    expect(await resolve("links")).toEqual(["links/a", "links/own"]);
    expect(await resolve("links/*")).toEqual(["links/a", "links/own"]);
  });

  it.runIf(process.platform === "linux")(
    "are refused when they have contents, but the size 0 (Linux)",
    async () => {
      for (const input of ["/proc/meminfo", "/proc/mem*fo"]) {
        await expect(resolve(input)).rejects.toThrow(
          mrError("INPUT_UNSUPPORTED", '"/proc/meminfo"', "its size is 0"),
        );
      }
    },
  );

  it("are refused when a directory has a link in it that leads nowhere, by the link's name", async () => {
    write("books/a.txt");
    symlinkSync("nowhere", join(cwd, "books/z.txt"));
    for (const inputs of ["books", "books/*", "**/*.txt"]) {
      await expect(resolve(inputs)).rejects.toThrow(
        mrError(
          "INPUT_NOT_FOUND",
          'Cannot read input "books/z.txt": no such file or directory (ENOENT)',
        ),
      );
    }
  });

  it.skipIf(process.platform === "darwin")(
    "are refused when a directory has a file in it whose name is not UTF-8, which no path can name (not on macOS, which has no such names)",
    async () => {
      write("books/a.txt");
      writeFileSync(Buffer.concat([Buffer.from(join(cwd, "books/b")), Buffer.from([0xe9])]), "");
      await expect(resolve("books")).rejects.toThrow(
        mrError("INPUT_UNREADABLE", 'Cannot read input "books/b\ufffd": its name is not UTF-8'),
      );
    },
  );

  it("of a pattern are files only, and links to files", async () => {
    write("books/a.txt", "books/deeper/b.txt");
    write("c.txt");
    symlinkSync("../c.txt", join(cwd, "books/link"));
    symlinkSync("deeper", join(cwd, "books/other"));
    expect(await resolve("books/*")).toEqual(["books/a.txt", "books/link"]);
  });

  it("are refused when one is a device, which could not be read twice", async () => {
    await expect(resolve("/dev/null")).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"/dev/null"', "not a regular file"),
    );
  });

  it.each(["books", "books/*", "b*/*", "**/*", "books/{a,pipe}"])(
    "F17: are refused when a pipe is among the files of %s",
    async (argument) => {
      write("books/a");
      execFileSync("mkfifo", [join(cwd, "books/pipe")]);
      await expect(resolve(argument)).rejects.toThrow(
        mrError("INPUT_NOT_FOUND", '"books/pipe"', "not a regular file"),
      );
    },
  );

  it("of a pattern may have a pipe beside them that it does not match", async () => {
    write("books/a.txt");
    execFileSync("mkfifo", [join(cwd, "books/pipe")]);
    expect(await resolve("books/*.txt")).toEqual(["books/a.txt"]);
  });

  it.skipIf(!existsSync("/dev/fd"))(
    "are refused by names that mean other files in a worker (needs /dev/fd)",
    async () => {
      write("a.txt");
      const descriptor = openSync(join(cwd, "a.txt"), "r");
      onTestFinished(() => closeSync(descriptor));
      const name = `/dev/fd/${descriptor}`;
      await expect(resolve(name)).rejects.toThrow(
        mrError(
          "INPUT_UNREADABLE",
          `Cannot read input "${name}": workers can open it only by its own name`,
        ),
      );
    },
  );

  it("are wrong usage when there are none", async () => {
    await expect(resolve()).rejects.toBeInstanceOf(UsageError);
  });
});
