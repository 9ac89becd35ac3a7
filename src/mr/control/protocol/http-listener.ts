import { createServer, type RequestListener, type Server } from "node:http";
import { listenOnSocketFile } from "../../base/socket-path.ts";

const MAX_HEADER_BYTES = 8 * 1024;
/** A request that takes longer to arrive is dropped. Answers have no time limit. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * An HTTP server on a Unix domain socket that only its owner may connect to. It listens before the coordinator is
 * loaded, which takes longer than to listen: workers that are started meanwhile find the socket, and their
 * requests wait.
 */
export class HttpListener {
  readonly http: Server;
  #serve: RequestListener | undefined;
  readonly #waiting: Parameters<RequestListener>[] = [];

  private constructor(requestTimeoutMs: number) {
    const connectionsCheckingInterval = requestTimeoutMs / 2;
    const limits = { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval };
    this.http = createServer(limits, (request, response) => {
      if (this.#serve === undefined) this.#waiting.push([request, response]);
      else this.#serve(request, response);
    });
    this.http.requestTimeout = requestTimeoutMs;
    this.http.headersTimeout = requestTimeoutMs;
    // An idle worker keeps its connection, so that its death is noticed.
    this.http.keepAliveTimeout = 0;
  }

  /**
   * Starts to listen. A socket file that a killed coordinator has left behind is replaced.
   *
   * @param requestTimeoutMs how long a request may take to arrive
   * @throws MrError when another coordinator listens there, or the path can't be a socket
   */
  static async listen(
    socketPath: string,
    requestTimeoutMs: number = REQUEST_TIMEOUT_MS,
  ): Promise<HttpListener> {
    const listener = new HttpListener(requestTimeoutMs);
    await listenOnSocketFile(listener.http, socketPath);
    return listener;
  }

  /** Serves the requests that wait, and all later ones. */
  serve(listener: RequestListener): void {
    this.#serve = listener;
    for (const [request, response] of this.#waiting.splice(0)) listener(request, response);
  }

  /** Stops to listen before anything was served. Requests that wait get no answer. */
  close(): void {
    this.http.close();
    this.http.closeAllConnections();
  }
}
