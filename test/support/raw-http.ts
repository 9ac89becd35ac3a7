import { request } from "node:http";
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends one HTTP request over a Unix socket on a new connection, as `curl` does. */
export function sendHttp(
  socketPath: string,
  body: string | Uint8Array,
  { method = "POST", path = "/rpc" } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      const { statusCode: status, headers } = response;
      response.on("end", () => resolve({ status, headers, text }));
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** Sends JSON and returns the decoded answer. */
export async function sendJson(socketPath: string, message: unknown): Promise<unknown> {
  return JSON.parse((await sendHttp(socketPath, JSON.stringify(message))).text);
}

/** Connects and sends some bytes, without waiting for an answer. */
export function openSocket(socketPath: string, text = ""): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => resolve(socket));
    socket.once("error", reject);
    if (text !== "") socket.write(text);
  });
}

/** Waits until the other side has closed a connection. */
export function closedByPeer(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume();
    // It may end with or without an error.
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
  });
}
