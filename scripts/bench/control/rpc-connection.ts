import { connect, type Socket } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * A kept connection to a coordinator, with one call at a time. Its own cost is small, so that the measurement is
 * that of the coordinator.
 */
export class RpcConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #bytes = 0;
  /** The length of the answer with its head; 0 until the head has arrived. */
  #length = 0;
  #bodyStart = 0;
  #calls = 0;
  #resolve: (result: unknown) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (part) => this.#receive(part));
    socket.on("error", (error) => this.#reject(error));
    socket.on("close", () => this.#reject(new Error("The coordinator has closed the connection")));
  }

  static open(socketPath: string): Promise<RpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(socketPath, () => resolve(new RpcConnection(socket)));
      socket.once("error", reject);
    });
  }

  /** @throws when the answer is an error, or the connection closes */
  call<T>(method: string, params: object): Promise<T> {
    this.#calls += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#calls, method, params });
    this.#socket.write(
      `POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve as (result: unknown) => void;
      this.#reject = reject;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(part: Buffer): void {
    this.#received.push(part);
    this.#bytes += part.length;
    if (this.#length === 0 && !this.#readHead()) return;
    if (this.#bytes < this.#length) return;
    const answer = Buffer.concat(this.#received);
    this.#received = [];
    this.#bytes = 0;
    this.#length = 0;
    const { result, error } = JSON.parse(answer.toString("utf8", this.#bodyStart));
    if (error === undefined) this.#resolve(result);
    else this.#reject(new Error(error.message));
  }

  #readHead(): boolean {
    const whole = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    const end = whole?.indexOf(HEAD_END) ?? -1;
    if (whole === undefined || end === -1) return false;
    const head = whole.toString("latin1", 0, end);
    const length = /\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#reject(new Error(`The coordinator answered ${head.split("\r\n", 1)[0]}`));
      this.#socket.destroy();
      return false;
    }
    this.#bodyStart = end + HEAD_END.length;
    this.#length = this.#bodyStart + Number(length);
    return true;
  }
}
