import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { readAsset } from "../../base/assets.ts";
import type { JobEvent } from "../../job/events.ts";
import { JobFeed } from "./job-feed.ts";
import { describeStatus, formatMetrics } from "./metrics.ts";
import { PatchStream } from "./patch-stream.ts";

/** More than this are no people. */
const MAX_CLIENTS = 100;

const TEXT = "text/plain; charset=utf-8";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Files of the page. */
const PAGE = [
  "index.html",
  "style.css",
  "icon.svg",
  "app.js",
  "attempts.js",
  "chart.js",
  "job-state.js",
  "panels.js",
  "rate-chart.js",
  "shuffle-chart.js",
  "task-grid.js",
  "timeline.js",
  "time-axis.js",
  "tooltip.js",
];
/** Files that the page shares with terminal and report. */
const SHARED = ["attempt-ends.js", "quantities.js"];

/**
 * Nothing but what this server serves, and nobody frames it: what an app or an input is called, and
 * what an error says, is shown, but could not do anything.
 */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

interface Reply {
  readonly status: number;
  readonly body: string | Buffer;
  readonly type?: string;
}

/** What there is to see of a job, and how it is asked for. */
export class Site {
  /** Tells the events of this job from those of another one on the same port. */
  readonly #id = randomBytes(4).toString("hex");
  readonly #host: string;
  readonly #feed = new JobFeed();
  readonly #stream = new PatchStream(this.#feed, this.#id, () => this.#nowMs());
  /** The time here at which the coordinator started. */
  #startMs = performance.now();

  /** @param host what the server was told to listen on */
  constructor(host: string) {
    this.#host = host;
  }

  onEvent(event: JobEvent): void {
    this.#startMs = performance.now() - event.atMs;
    this.#feed.apply(event);
  }

  /** Tells those who watch what is left to be told. */
  close(): void {
    this.#stream.close();
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const refusal = this.#refuse(request);
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (refusal === undefined && path === "/events") {
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      if (request.method === "HEAD") response.end();
      else this.#stream.add(response, String(request.headers["last-event-id"] ?? ""));
      return;
    }
    const { status, body, type = TEXT } = refusal ?? this.#reply(path);
    if (status === 405) response.setHeader("Allow", "GET, HEAD");
    response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
    // This leaves the body out where only the head was asked for.
    response.end(body);
  }

  #refuse({ method, headers, url = "/" }: IncomingMessage): Reply | undefined {
    if (!isOurHost(headers.host, this.#host)) {
      return { status: 421, body: "This server does not go by that name.\n" };
    }
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, body: "There is nothing here to be changed.\n" };
    }
    if (url.startsWith("/events") && this.#stream.size >= MAX_CLIENTS) {
      return { status: 503, body: "Too many are watching already.\n" };
    }
    return undefined;
  }

  #reply(path: string): Reply {
    switch (path) {
      case "/metrics": {
        const type = "text/plain; version=0.0.4; charset=utf-8";
        return { status: 200, body: formatMetrics(this.#feed, this.#nowMs()), type };
      }
      case "/healthz":
        return { status: 200, body: "ok\n" };
      case "/api/status": {
        const status = JSON.stringify(describeStatus(this.#feed, this.#nowMs()));
        return { status: 200, body: `${status}\n`, type: "application/json" };
      }
      default:
        return readPage(path === "/" ? "index.html" : path.slice(1));
    }
  }

  #nowMs(): number {
    return this.#feed.endMs ?? performance.now() - this.#startMs;
  }
}

function readPage(name: string): Reply {
  const folder = SHARED.includes(name) ? "format" : "dashboard/page";
  if (folder !== "format" && !PAGE.includes(name)) return { status: 404, body: "Not found\n" };
  const body = readAsset(`mr/watch/${folder}/${name}`);
  return { status: 200, body, type: TYPES[name.split(".").at(-1) ?? ""] ?? TEXT };
}

/**
 * Whether a request was meant for this server. Any site can give one of its names the address
 * 127.0.0.1 and read, as its own, what is there (DNS rebinding); but then the browser says that name.
 * An address is nobody's name, so every address is good.
 *
 * @param header the value of the request's `Host`
 * @param host what the server was told to listen on
 */
function isOurHost(header: string | undefined, host: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]+)?$/.exec(header ?? "") ?? [];
  const name = (bracketed ?? plain ?? "").toLowerCase();
  if (name === "") return false;
  return (
    isIP(name) !== 0 || ["localhost", host.toLowerCase(), hostname().toLowerCase()].includes(name)
  );
}
