import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  createJSONRPCErrorResponse,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  JSONRPCServer,
} from "json-rpc-2.0";
import { HttpListener } from "./http-listener.ts";
import { PARAMS, parseParams } from "./params.ts";
import { type Method, RPC_ERRORS, RPC_PATH } from "./protocol.ts";
import type { Caller, Listener, Service } from "./transport.ts";

/** Room for a map task's report on a hundred thousand outputs. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** Bounds the answers to a batch, which may be longer than its requests. */
const MAX_BATCH = 1000;
/** How long closing waits for requests and answers that are still on their way. */
const CLOSE_MS = 200;

export interface RpcServerOptions extends Service {
  readonly socketPath: string;
  /** One that listens on the socket already. Default: one that is made here. */
  readonly listener?: HttpListener | undefined;
  /** How long a request may take to arrive, in milliseconds. Default 10,000. */
  readonly requestTimeoutMs?: number;
}

/** JSON-RPC 2.0 over HTTP POST on a Unix domain socket that only its owner may connect to. */
export class RpcServer implements Listener {
  readonly #options: RpcServerOptions;
  readonly #http: Server;
  readonly #rpc = new JSONRPCServer<Caller>({ errorListener: () => undefined });
  readonly #workerOf = new Map<Socket, number>();
  #isClosing = false;

  private constructor(options: RpcServerOptions, listener: HttpListener) {
    this.#options = options;
    this.#http = listener.http;
    for (const method of Object.keys(PARAMS) as Method[]) this.#addMethod(method);
    listener.serve((request, response) => this.#serve(request, response));
  }

  /**
   * Starts to listen. A socket file that a killed coordinator has left behind is replaced.
   *
   * @throws MrError when another coordinator listens there, or the path can't be a socket
   */
  static async listen(options: RpcServerOptions): Promise<RpcServer> {
    const { socketPath, requestTimeoutMs, listener } = options;
    return new RpcServer(
      options,
      listener ?? (await HttpListener.listen(socketPath, requestTimeoutMs)),
    );
  }

  /** Cuts off connections whose request is incomplete after a while, so that closing always ends. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    const cutOff = setTimeout(() => this.#http.closeAllConnections(), CLOSE_MS);
    await closed;
    clearTimeout(cutOff);
  }

  #addMethod<M extends Method>(method: M): void {
    this.#rpc.addMethod(method, async (input: unknown, caller: Caller) => {
      const params = parseParams(method, input);
      if (typeof params === "string") {
        throw new JSONRPCErrorException(`${method}: ${params}`, RPC_ERRORS.invalidParams);
      }
      const worker = (params as { worker?: unknown } | undefined)?.worker;
      const handler = this.#options.handlers[method];
      const result = handler(params, caller);
      if (typeof worker === "number") caller.identify(worker);
      return result;
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url !== RPC_PATH || request.method !== "POST") {
      refuse(response, request.url === RPC_PATH ? 405 : 404, `POST JSON-RPC 2.0 to ${RPC_PATH}`);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
      else refuse(response, 413, `A request is at most ${MAX_REQUEST_BYTES} bytes`);
    });
    request.on("end", () => {
      if (bytes > MAX_REQUEST_BYTES) return;
      this.#answer(Buffer.concat(chunks).toString("utf8"), request, response).catch(() => {
        response.destroy();
      });
    });
  }

  async #answer(body: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = await this.#receive(body, this.#callerOf(request.socket, response));
    if (response.destroyed) return;
    if (result === null) {
      response.writeHead(204).end();
      return;
    }
    const text = JSON.stringify(result);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      // Otherwise the caller would keep the connection, and this server could not close.
      ...(this.#isClosing && { connection: "close" }),
    });
    response.end(text);
  }

  async #receive(body: string, caller: Caller): Promise<unknown> {
    let message: unknown;
    try {
      message = JSON.parse(body);
    } catch {
      return createJSONRPCErrorResponse(null, JSONRPCErrorCode.ParseError, "Parse error");
    }
    const isBatch = Array.isArray(message);
    const requests: unknown[] = Array.isArray(message) ? message : [message];
    if (requests.length === 0 || requests.length > MAX_BATCH) return invalidRequest();
    const answers = await Promise.all(
      requests.map((one) => {
        const isObject = typeof one === "object" && one !== null && !Array.isArray(one);
        return isObject ? this.#rpc.receive(one as never, caller) : invalidRequest();
      }),
    );
    const present = answers.filter((answer) => answer !== null);
    if (present.length === 0) return null;
    return isBatch ? present : present[0];
  }

  #callerOf(socket: Socket, response: ServerResponse): Caller {
    return {
      onHangUp: (listener) => {
        response.once("close", () => {
          if (!response.writableFinished) listener();
        });
      },
      identify: (worker) => {
        if (!this.#workerOf.has(socket)) socket.once("close", () => this.#forget(socket));
        this.#workerOf.set(socket, worker);
      },
    };
  }

  #forget(socket: Socket): void {
    const worker = this.#workerOf.get(socket);
    if (worker === undefined) return;
    this.#workerOf.delete(socket);
    for (const other of this.#workerOf.values()) if (other === worker) return;
    this.#options.onWorkerGone(worker);
  }
}

function invalidRequest() {
  return createJSONRPCErrorResponse(null, JSONRPCErrorCode.InvalidRequest, "Invalid Request");
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "text/plain", connection: "close", allow: "POST" });
  response.end(`${reason}\n`);
}
