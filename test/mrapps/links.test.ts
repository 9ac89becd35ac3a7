import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../simulation/random.ts";
import { mrError } from "../support/mr-error.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

describe("links", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("turns around a graph of pages whose links are written in many ways", async () => {
    const random = new Random(3);
    const pages = Array.from({ length: 40 }, (_, page) => {
      return `site-${page % 3}.example.org/dir-${page % 4}/page-${page}.html`;
    });
    const linking = new Map<string, Set<string>>();
    for (const page of pages) {
      let html = `<!DOCTYPE html><title>${page}</title>\n`;
      for (let links = random.whole(0, 12); links > 0; links--) {
        const target = random.pick(pages) ?? page;
        const [host, ...path] = target.split("/");
        const isSameHost = page.startsWith(`${host}/`);
        const ways = [`https://${target}`, `//${target}#part`];
        if (isSameHost) ways.push(`/${path.join("/")}`, `../${path.join("/")}`);
        const href = random.pick(ways) ?? "";
        html += `${random.pick([
          `<a href="${href}">x</a>`,
          `<A class='y' HREF='${href}'>x</A>`,
          `<a\n href=${href} rel=nofollow>x</a>`,
          `<area shape="rect" href = "${href}">`,
        ])}\n`;
        const sources = linking.get(target) ?? new Set();
        linking.set(target, sources.add(`https://${page}`));
      }
      job.write(`mirror.d/${page}`, html);
    }
    const files = pages.map((page) => `mirror.d/${page}`);
    const outputs = await job.run(await loadShipped("links"), files);
    const expected = Array.from(linking, ([target, sources]) => {
      return `https://${target} ${sources.size} ${sorted(...sources).join(" ")}`;
    });
    expect(sorted(...outputs)).toEqual(sorted(...expected));
    expect(linking.size).toBeGreaterThan(20);
  });

  it("F18 keeps the links of a page that is not UTF-8 apart", async () => {
    const html = `<a href="/é">é</a><a href="/è">è</a>`;
    job.write("a.example/latin1.html", Buffer.from(html, "latin1"));
    job.write("a.example/utf8.html", html);
    const files = ["a.example/latin1.html", "a.example/utf8.html"];
    const outputs = await job.run(await loadShipped("links"), files);
    expect(sorted(...outputs)).toEqual([
      "https://a.example/%C3%A8 2 https://a.example/latin1.html https://a.example/utf8.html",
      "https://a.example/%C3%A9 2 https://a.example/latin1.html https://a.example/utf8.html",
    ]);
  });

  it("knows what is no link to a page", async () => {
    job.write(
      "a.example/index.html",
      `<!-- <a href="/comment"> --><script>'<a href="/script">'</script><link href="/style.css">
       <a data-href="/data"><abbr href="/abbr"><a name=top><a href="mailto:ann@a.example">
       <a href="javascript:void(0)"><a href="http://[bad">
       <a href="?q=1&amp;r=2"><a href="#top">`,
    );
    job.write("a.example/docs/b.html", '<base href="https://b.example/x/"><a href="y">');
    const files = ["a.example/index.html", "a.example/docs/b.html"];
    const outputs = await job.run(await loadShipped("links"), files);
    expect(sorted(...outputs)).toEqual([
      "https://a.example/index.html 1 https://a.example/index.html",
      "https://a.example/index.html?q=1&r=2 1 https://a.example/index.html",
      "https://b.example/x/y 1 https://a.example/docs/b.html",
    ]);
    expect(job.counters).toEqual({ "malformed-links": 1 });
  });

  it("reads links behind attributes with any text, and with characters written by number", async () => {
    job.write(
      "a.example/index.html",
      `<a title="a > b" href="gt.html"><a title='>' class=x href=gt2.html><a title = ">"
       href="gt3.html"><a title="see href=no.html" href="yes.html"><a h=5" href="stray.html">
       <a title="href='no.html'"><a href="x&#38;y"><a href="x&#x26;z&#39;&quot;&lt;&copy;">
       <a href="&amp;#35;"><a href="&#1114112;">`,
    );
    const outputs = await job.run(await loadShipped("links"), ["a.example/index.html"]);
    const targets = sorted(...outputs).map((line) => line.split(" ")[0]);
    const found = ["&", "gt.html", "gt2.html", "gt3.html", "stray.html"];
    const more = ["x&y", "x&z'%22%3C&copy;", "yes.html"];
    expect(targets).toEqual([...found, ...more].map((path) => `https://a.example/${path}`));
    expect(job.counters).toEqual({ "malformed-links": 1 });
  });

  it("takes time in proportion to a page, whatever its attributes", async () => {
    const attributes = " a=\"x\" b='y' c=z d".repeat(5000);
    job.write("a.example/a.html", `<a${attributes}>`.repeat(5) + '<a title="'.repeat(500));
    const outputs = await job.run(await loadShipped("links"), ["a.example/a.html"]);
    expect(outputs.join("")).toBe("");
  });

  it("takes comments, scripts and quotes that are not closed to the end of the page", async () => {
    for (const begin of ["<!-- old:", "<script>", "<STYLE x>", "<a title='"]) {
      job.write(
        "a.example/i.html",
        `<a href="yes.html">x</a>\n${begin}\n<a href="no.html">x</a>\n`,
      );
      const outputs = await job.run(await loadShipped("links"), ["a.example/i.html"]);
      const line = "https://a.example/yes.html 1 https://a.example/i.html";
      expect(sorted(...outputs)).toEqual([line]);
    }
  });

  it.each([
    ["comments that are not closed", "<!--".repeat(3e6)],
    ["scripts that are not closed", "<script ".repeat(1.5e6)],
    ["ends of scripts", `<script>${"</script ".repeat(1.3e6)}`],
    ["tags that are not closed", "<a ".repeat(4e6)],
    ["attributes without a value", `<a ${"x ".repeat(6e6)}>`],
    ["spaces", `<a${" ".repeat(12e6)}`],
    ["equals signs", `<a ${"=".repeat(12e6)}`],
    ["one attribute", `<a ${"x".repeat(12e6)}`],
    ["quotes", `<a ${'x="'.repeat(4e6)}`],
    ["references", `<a href="${"&#1".repeat(4e6)}`],
  ])("F52 takes time in proportion to a page of 12 MB: %s", async (_, html) => {
    job.write("a.example/a.html", html);
    const outputs = await job.run(await loadShipped("links"), ["a.example/a.html"]);
    expect(outputs.join("")).toBe("");
  });

  it("F52 takes time in proportion to a page of 3 MB: links and a long base", async () => {
    const base = `http://h.example/${"a/".repeat(5e5)}`;
    const relative = '<a href="b.html"><a href="//h.example/">'.repeat(25_000);
    const absolute = "<a href=http://h.example/c.html>".repeat(30_000);
    job.write("a.example/a.html", `<base href="${base}">${relative}${absolute}`);
    const outputs = await job.run(await loadShipped("links"), ["a.example/a.html"]);
    const line = "http://h.example/c.html 1 https://a.example/a.html";
    expect(sorted(...outputs)).toEqual([line]);
    expect(job.counters).toEqual({ "malformed-links": 50_000 });
  });

  it("F52 takes time in proportion to a page of 3 MB: bases relative to bases", async () => {
    const bases = "<base href=a/>".repeat(200_000);
    job.write("a.example/a.html", `${bases}<a href=b.html>`);
    const outputs = await job.run(await loadShipped("links"), ["a.example/a.html"]);
    const line = "https://a.example/a/b.html 1 https://a.example/a.html";
    expect(sorted(...outputs)).toEqual([line]);
  });

  it.each([
    ["a host whose characters differ", (i: number) => String.fromCodePoint(0x4e00 + (i % 20_000))],
    ["the same in another notation", (i: number) => `&#${0x4e00 + (i % 20_000)};`],
    ["labels of a host", () => "é."],
    ["users", () => "a@"],
  ])("F52 takes time in proportion to %s", async (_, part) => {
    const host = Array.from({ length: 200_000 }, (_, i) => part(i)).join("");
    const links = `<a href="http://${host}/"><a href=" \\\t/${host}/"><a href="ht\ntps:${host}/">`;
    job.write("a.example/a.html", `${links}<a href="/${host}">`);
    const outputs = await job.run(await loadShipped("links"), ["a.example/a.html"]);
    expect(sorted(...outputs)).toHaveLength(1);
    expect(job.counters).toEqual({ "malformed-links": 3 });
  });

  it("takes the first base of a page that has several, as browsers do", async () => {
    const first = '<base target=x><base href="/x/"><base href="/y/"><a href=b>';
    job.write("a.example/first.html", first);
    job.write("a.example/bad.html", '<base href="http://[bad"><base href="/y/"><a href=c>');
    const files = ["a.example/first.html", "a.example/bad.html"];
    const outputs = await job.run(await loadShipped("links"), files);
    expect(sorted(...outputs)).toEqual([
      "https://a.example/c 1 https://a.example/bad.html",
      "https://a.example/x/b 1 https://a.example/first.html",
    ]);
    expect(job.counters).toEqual({ "malformed-links": 1 });
  });

  it("knows hosts whose names are not ASCII, as browsers encode them", async () => {
    job.write("m/xn--e1afmkfd.xn--p1ai/a.html", '<a href="b.html">');
    const outputs = await job.run(await loadShipped("links"), ["m/xn--e1afmkfd.xn--p1ai/a.html"]);
    const host = "https://xn--e1afmkfd.xn--p1ai";
    expect(sorted(...outputs)).toEqual([`${host}/b.html 1 ${host}/a.html`]);
  });

  it("refuses a page that is in no folder of a host", async () => {
    job.write("pages/a.html", "");
    await expect(job.run(await loadShipped("links"), ["pages/a.html"])).rejects.toThrow(
      mrError("APP_THREW", /failed on "pages\/a.html"/),
    );
  });
});
