import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type Dashboard, startDashboard } from "../../../src/mr/watch/dashboard/start-dashboard.ts";
import { begin, timed } from "../../support/job-events.ts";
import { mrError } from "../../support/mr-error.ts";

const open: Dashboard[] = [];

async function dashboard(): Promise<Dashboard> {
  const started = await startDashboard({ port: 0 });
  open.push(started);
  return started;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Asks for a path as a browser would, or as one that was lied to. */
function ask(base: string, path: string, options: object = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, base), options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      const { statusCode: status, headers } = response;
      response.once("end", () => resolve({ status, headers, body }));
    });
    asked.once("error", reject).end();
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((started) => started.close()));
});

describe("startDashboard", () => {
  it("serves the page and its files, and lets them load nothing from elsewhere", async () => {
    const { url } = await dashboard();
    const page = await ask(url, "/");
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self'/),
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    const names = [...page.body.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) expect([name, (await ask(url, name)).status]).toEqual([name, 200]);
    expect((await ask(url, "/../start-dashboard.ts")).status).toBe(404);
    expect((await ask(url, "/tsconfig.json")).status).toBe(404);
  });

  it("answers only to an address or its own name, so that no site can pass for it", async () => {
    const { url } = await dashboard();
    const statusFor = async (host: string) => (await ask(url, "/", { headers: { host } })).status;
    for (const host of ["127.0.0.1:1", "localhost:99", "[::1]:1", "10.0.0.7"]) {
      expect([host, await statusFor(host)]).toEqual([host, 200]);
    }
    for (const host of ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example"]) {
      expect([host, await statusFor(host)]).toEqual([host, 421]);
    }
  });

  it("lets nobody change anything", async () => {
    const { url } = await dashboard();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await ask(url, "/", { method });
      expect([method, answer.status, answer.headers["allow"]]).toEqual([method, 405, "GET, HEAD"]);
    }
    expect(await ask(url, "/healthz", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(await ask(url, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  });

  it("says on which port it cannot listen, but where none was wanted takes another", async () => {
    const first = await startDashboard();
    open.push(first);
    const second = await startDashboard();
    open.push(second);
    expect(second.url).not.toBe(first.url);
    const port = Number(new URL(first.url).port);
    await expect(startDashboard({ port })).rejects.toThrow(
      mrError("DISPLAY_UNAVAILABLE", `127.0.0.1:${port}`, "EADDRINUSE"),
    );
  });

  it("ends an open stream of events with the end of the job", async () => {
    const { url, onEvent, close } = await dashboard();
    const stream = await fetch(new URL("events", url));
    const end = { type: "jobEnded", outcome: { state: "completed" } } as const;
    for (const event of timed([...begin(2, 1), end])) onEvent(event);
    open.length = 0;
    await close();
    expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await stream.text()).toContain('"outcome":{"state":"completed"}');
  });
});
