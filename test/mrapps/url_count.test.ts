import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { runOracle } from "../support/oracle.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

/** A day of a small site, in the Combined Log Format. */
function makeLog(lines: number): string {
  const random = new Random(7);
  const urls = ["/", "/shop", "/shop/tea?page=2", "/shop/tea", "/a%20b.html", "/search?q=x&y=[1]"];
  const log: string[] = [];
  for (let i = 0; i < lines; i++) {
    const second = String(i % 60).padStart(2, "0");
    const user = random.pick(["-", "-", "ann"]);
    const request = `${random.pick(["GET", "POST", "HEAD"])} ${random.pick(urls)} HTTP/1.1`;
    const answer = `${random.pick([200, 304, 404])} ${random.pick(["-", 512, 20480])}`;
    const more = random.pick(["", ' "-" "curl/8.5.0"', ' "https://a.example/" "Mozilla (X11)"']);
    const time = `21/Nov/2026:08:15:${second} +0000`;
    log.push(`192.0.2.${i % 9} - ${user} [${time}] "${request}" ${answer}${more}\n`);
  }
  return log.join("");
}

describe("url_count", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("counts what awk, sort and uniq count, in plain and in compressed logs", async () => {
    job.write("access.log", makeLog(3000));
    job.write("access.log.1.gz", gzipSync(makeLog(1000)));
    const outputs = await job.run(await loadShipped("url_count"), [
      "access.log",
      "access.log.1.gz",
    ]);
    const expected = job.shell(
      `{ cat access.log; gzip -dc access.log.1.gz; } |
       awk '{ sub(/\\?.*/, "", $7); print $7 }' | sort | uniq -c | awk '{ print $2, $1 }'`,
    );
    expect(sorted(...outputs)).toEqual(sorted(expected));
    expect(job.counters).toEqual({});
  });

  it("F18 keeps the bytes of a URL that is not UTF-8", async () => {
    const line = (url: string) => `::1 - - [x] "GET ${url}?q HTTP/1.1" 200 1 "Jos\xe9"\n`;
    const log = Buffer.from(line("/Jos\xe9") + line("/Jos\xe8") + line("/Jos\xe9"), "latin1");
    job.write("access.log", Buffer.concat([log, Buffer.from(line("/José"))]));
    await job.run(await loadShipped("url_count"), ["access.log"], { reduces: 1 });
    const oracle = await runOracle(await loadShipped("url_count"), ["access.log"], job.directory);
    const expected = Buffer.concat([
      Buffer.from("/Jos\xc3\xa9 1\n", "latin1"),
      Buffer.from("/Jos\xe8 1\n/Jos\xe9 2\n", "latin1"),
    ]);
    expect(oracle).toEqual(expected);
    expect(job.counters).toEqual({});
  });

  it.each([
    ["brackets", "::1 - - ", " [", ""],
    ["times", "::1 - - ", " [x]", ""],
    ["times and quotes", "::1 - - ", ' [x] "', ""],
    ["quotes that are escaped", '::1 - - [x] "', '\\"', ""],
    ["backslashes", '::1 - - [x] "', "\\\\", ""],
    ["a request", '::1 - - [x] "GET /', "a?", ' " 200 1'],
    ["digits", '::1 - - [x] "GET / HTTP/1.1" 200 ', "11", "x"],
    ["words", "", "a ", ""],
  ])("F52 takes time in proportion to a line of 12 MB: %s", async (_, begin, part, end) => {
    const line = begin + part.repeat(12e6 / part.length) + end;
    job.write("access.log", line);
    expect((await job.run(await loadShipped("url_count"), ["access.log"])).join("")).toBe("");
    expect(job.counters).toEqual({ "malformed-lines": 1 });
  });

  it("leaves out and counts lines that are no access", async () => {
    const time = "[21/Nov/2026:08:15:02 +0000]";
    const good = [
      `::1 - - ${time} "GET /a HTTP/1.1" 200 1`,
      `::1 - Ann Lee ${time} "GET /a#top HTTP/2.0" 200 1 "-" "a \\"quoted\\" agent"`,
      `::1 - - ${time} "GET /a" 200 -`,
      `::1 - - ${time} "GET /a?q=\\"x\\" HTTP/1.1" 200 1`,
      `::1 - - ${time} "OPTIONS * HTTP/1.1" 200 1 0.004`,
      `::1 - - ${time} "RPC_IN_DATA /rpc/rpcproxy.dll?a:593 HTTP/1.1" 404 1`,
      `::1 - - ${time} "M-SEARCH * HTTP/1.1" 405 1`,
      `::1 - - ${time} "CONNECT b.example:443 HTTP/1.1" 405 1`,
    ];
    const bad = [
      "",
      "not a log",
      `::1 - - ${time} "-" 408 0`,
      `::1 - - ${time} "\\x16\\x03\\x01" 400 226`,
      `::1 - - ${time} "GET /a b HTTP/1.1" 400 226`,
      `::1 - - ${time} "GET /a HTTP/1.1" 200`,
      `::1 - - ${time} "GET /a HTTP/1.1" OK 1`,
      `::1 - - "GET /a HTTP/1.1" 200 1`,
    ];
    job.write("access.log", [...good, ...bad].map((line) => `${line}\n`).join(""));
    const outputs = await job.run(await loadShipped("url_count"), ["access.log"]);
    expect(sorted(...outputs)).toEqual(["* 2", "/a 4", "/rpc/rpcproxy.dll 1", "b.example:443 1"]);
    expect(job.counters).toEqual({ "malformed-lines": bad.length });
  });
});
