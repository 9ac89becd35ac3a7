import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { JobEvent } from "../../job/events.ts";
import { Site } from "./site.ts";

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
  /** The URL of the page. */
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
