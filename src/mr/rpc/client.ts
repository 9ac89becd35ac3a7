import { Agent, request } from "node:http";
import { createJSONRPCRequest, JSONRPCErrorException, type JSONRPCResponse } from "json-rpc-2.0";
import { errorCode } from "../errors.ts";
import { type Method, type Params, type Results, RPC_PATH } from "./protocol.ts";
import { checkSocketPath } from "./socket-path.ts";

/** Speaks to the coordinator, over one connection that is kept open between calls. */
export class RpcClient {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #calls = 0;

  /** @throws MrError when the path is longer than the system allows; nothing is connected yet */
  constructor(socketPath: string) {
    checkSocketPath(socketPath);
    this.#socketPath = socketPath;
  }

  /**
   * Calls a method and waits for its result, however long that takes.
   *
   * @throws JSONRPCErrorException when the coordinator answers with an error
   * @throws a system error (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`, …) when there is no answer
   */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    this.#calls += 1;
    const body = JSON.stringify(createJSONRPCRequest(this.#calls, method, params));
    const response = await this.#post(body).catch((error: unknown) => {
      // A kept connection may die just as it is used again. Every method is safe to repeat.
      if (isBrokenConnection(error)) return this.#post(body);
      throw error;
    });
    if (response.error !== undefined) {
      const { message, code, data } = response.error;
      throw new JSONRPCErrorException(message, code, data);
    }
    return response.result;
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string): Promise<JSONRPCResponse> {
    return new Promise((resolve, reject) => {
      const post = request({
        agent: this.#agent,
        socketPath: this.#socketPath,
        path: RPC_PATH,
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

/** Whether the coordinator itself refused a call, with the reason in the error's message. */
export function isRefusal(error: unknown): error is JSONRPCErrorException {
  return error instanceof JSONRPCErrorException;
}

function isBrokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "");
}
