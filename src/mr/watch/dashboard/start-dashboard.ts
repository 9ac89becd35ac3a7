import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { hostname } from "node:os";
import { readAsset } from "../../base/assets.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { JobEvent } from "../../job/events.ts";
import { JobFeed } from "./job-feed.ts";
import { describeStatus, formatMetrics } from "./metrics.ts";
import { PatchStream } from "./patch-stream.ts";

/** The default port. If it is taken, any free port is used. */
export const DEFAULT_DASHBOARD_PORT = 8377;

/** How long clients have to receive the end of the job. */
const FAREWELL_MS = 500;

export interface DashboardOptions {
  /** Port to listen on; 0 for any. By default {@link DEFAULT_DASHBOARD_PORT}, or any if that is taken. */
  readonly port?: number | undefined;
  /** Address or name to listen on. By default 127.0.0.1, which only this machine can reach. */
  readonly host?: string | undefined;
}

/** A read-only page that shows a job. */
export interface Dashboard {
  readonly url: string;
  /** Must be called with every event of the job, in order. Takes a few microseconds and never throws. */
  readonly onEvent: (event: JobEvent) => void;
  /** Sends the last changes to all clients and closes the port. */
  readonly close: () => Promise<void>;
}

/**
 * Serves a page, events, metrics and a health check for one job.
 *
 * @throws MrError DISPLAY_UNAVAILABLE if it cannot listen on the port
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { host = "127.0.0.1" } = options;
  const site = new Site(host);
  const server = createServer((request, response) => site.answer(request, response));
  // Watching a job must not keep its process alive.
  server.on("connection", (socket) => socket.unref());
  await listen(server, host, options.port);
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${urlHost(host)}:${port}/`,
    onEvent: (event) => site.onEvent(event),
    close: async () => {
      site.close();
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function listen(server: Server, host: string, port: number | undefined): Promise<void> {
  try {
    server.listen(port ?? DEFAULT_DASHBOARD_PORT, host);
    await once(server, "listening");
  } catch (error) {
    if (port === undefined && errorCode(error) === "EADDRINUSE") {
      return await listen(server, host, 0);
    }
    const where = `${host}:${port ?? DEFAULT_DASHBOARD_PORT}`;
    throw new MrError(
      "DISPLAY_UNAVAILABLE",
      `Cannot serve the dashboard on ${where}: ${describeCause(error)}`,
    );
  }
}

/** The host of the URL: browsers cannot open the unspecified address. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

const MAX_CLIENTS = 100;

const TEXT = "text/plain; charset=utf-8";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const PAGE = [
  ...["index.html", "style.css", "icon.svg", "app.js", "attempts.js", "chart.js", "job-state.js"],
  ...["panels.js", "rate-chart.js", "shuffle-chart.js", "task-grid.js", "timeline.js"],
  ...["time-axis.js", "tooltip.js"],
];
/** Files that the page shares with the terminal and the report. */
const SHARED = ["attempt-ends.js", "quantities.js"];

/**
 * The page may load only files of this server and may not be framed. So names of apps and inputs and messages
 * of errors could do nothing even if they were not shown as text.
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

/** Answers the requests for one job. */
class Site {
  readonly #host: string;
  readonly #feed = new JobFeed();
  readonly #stream = new PatchStream(this.#feed, () => this.#nowMs());
  /** When the coordinator started, by this process's clock. */
  #startMs = performance.now();

  constructor(host: string) {
    this.#host = host;
  }

  onEvent(event: JobEvent): void {
    this.#startMs = performance.now() - event.atMs;
    this.#feed.apply(event);
  }

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
    // Node omits the body of answers to HEAD.
    response.end(body);
  }

  #refuse({ method, headers, url = "/" }: IncomingMessage): Reply | undefined {
    if (!isOurHost(headers.host, this.#host)) {
      return { status: 421, body: "This is not the name of this server\n" };
    }
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, body: "Only GET and HEAD are allowed\n" };
    }
    if (url.startsWith("/events") && this.#stream.size >= MAX_CLIENTS) {
      return { status: 503, body: "Too many clients\n" };
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
 * Whether a request was meant for this server. A web site can let one of its names resolve to 127.0.0.1 and
 * so read what is served there (DNS rebinding), but then the browser sends that name. Addresses are not names,
 * so all of them are accepted.
 */
function isOurHost(header: string | undefined, host: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]+)?$/.exec(header ?? "") ?? [];
  const name = (bracketed ?? plain ?? "").toLowerCase();
  if (name === "") return false;
  return (
    isIP(name) !== 0 || ["localhost", host.toLowerCase(), hostname().toLowerCase()].includes(name)
  );
}
