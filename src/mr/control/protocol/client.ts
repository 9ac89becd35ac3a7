import { Agent, request } from "node:http";
import type { JSONRPCResponse } from "json-rpc-2.0";
import { errorCode } from "../../base/errors.ts";
import { checkSocketPath } from "../../base/socket-path.ts";
import { type Method, type Params, type Results, RPC_PATH } from "./protocol.ts";

/** The coordinator answered that it can't or won't do what was asked. */
export class RpcError extends Error {
  override name = "RpcError";
  /** One of the codes in docs/protocol.md. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/**
 * Without it, Node looks whether the host is an address, and takes milliseconds to compile the pattern for
 * that: of something that only TLS needs.
 */
const NO_SERVER_NAME = { servername: "" };

/** Speaks to the coordinator, over one connection that is kept open between calls. */
export class RpcClient {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #calls = 0;
  #isClosed = false;

  /** @throws MrError when the path is longer than the system allows; nothing is connected yet */
  constructor(socketPath: string) {
    checkSocketPath(socketPath);
    this.#socketPath = socketPath;
  }

  /**
   * Calls a method and waits for its result, however long that takes.
   *
   * @throws RpcError when the coordinator answers with an error
   * @throws a system error (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`, …) when there is no answer
   */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    this.#calls += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#calls, method, params });
    const response = await this.#post(body).catch((error: unknown) => {
      // A kept connection may die just as it is used again. Every method is safe to repeat.
      if (isBrokenConnection(error) && !this.#isClosed) return this.#post(body);
      throw error;
    });
    if (response.error !== undefined) {
      throw new RpcError(response.error.message, response.error.code);
    }
    return response.result;
  }

  /** Ends the connection; calls without an answer yet fail. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  #post(body: string): Promise<JSONRPCResponse> {
    return new Promise((resolve, reject) => {
      const post = request({
        agent: this.#agent,
        socketPath: this.#socketPath,
        path: RPC_PATH,
        ...NO_SERVER_NAME,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      });
      post.once("error", reject);
      post.once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`The coordinator answered ${response.statusCode}: ${text.trim()}`));
        });
      });
      post.end(body);
    });
  }
}

/** Whether a call failed because nobody listens (any more), as opposed to being refused. */
export function isNobodyThere(error: unknown): boolean {
  return ["ENOENT", "ECONNREFUSED"].includes(errorCode(error) ?? "") || isBrokenConnection(error);
}

function isBrokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "");
}
