import { Agent, request } from "node:http";
import type { JSONRPCResponse } from "json-rpc-2.0";
import { MrError } from "../../base/errors.ts";
import { checkSocketOwner, checkSocketPath } from "../../base/socket-path.ts";
import { type Method, type Params, type Results, RPC_PATH } from "./protocol.ts";
import { type Connection, isBrokenConnection, RpcError } from "./transport.ts";

/** JSON-RPC over a Unix domain socket, on one connection that is kept open between calls. */
export class RpcClient implements Connection {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #calls = 0;
  #isClosed = false;

  /** @throws MrError when the path is longer than the system allows; nothing is connected yet */
  constructor(socketPath: string) {
    checkSocketPath(socketPath);
    this.#socketPath = socketPath;
  }

  /** Before a worker registers, it checks the owner of the socket, because it will run what the coordinator sends. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    if (method === "worker.register") checkSocketOwner(this.#socketPath);
    this.#calls += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#calls, method, params });
    const response = await this.#post(body).catch((error: unknown) => {
      // A connection that is kept may close at the moment it is used again.
      if (isBrokenConnection(error) && !this.#isClosed) return this.#post(body);
      throw error;
    });
    if (response.error === undefined) return response.result;
    const { message, code, data } = response.error;
    throw new RpcError(message, code, data);
  }

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
        // Without it, Node compiles a pattern to find out whether the host is an address: that takes milliseconds.
        ...{ servername: "" },
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
          const answer = response.statusCode === 200 ? parseResponse(text) : undefined;
          if (answer !== undefined) resolve(answer);
          else {
            const what = `The coordinator answered ${response.statusCode}: ${text.trim()}`;
            reject(new MrError("PROTOCOL_ERROR", what));
          }
        });
      });
      post.end(body);
    });
  }
}

/** The response in a body; undefined if it is none. */
function parseResponse(text: string): JSONRPCResponse | undefined {
  try {
    const response: JSONRPCResponse = JSON.parse(text);
    return "result" in response || typeof response.error?.code === "number" ? response : undefined;
  } catch {
    // It is not JSON, or not an object.
    return undefined;
  }
}
