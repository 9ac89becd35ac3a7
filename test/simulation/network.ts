import { JSONRPCErrorException } from "json-rpc-2.0";
import { RpcError } from "../../src/mr/control/protocol/client.ts";
import type { Method, Params, Results } from "../../src/mr/control/protocol/protocol.ts";
import type { Link } from "../../src/mr/worker/rpc-task-source.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** Where an answer, or the news that there is none, goes. */
export interface Reply {
  succeed(result: unknown): void;
  fail(error: Error): void;
  /** Whether nobody waits for it any more. */
  readonly isHungUp: boolean;
  onHangUp(listener: () => void): void;
}

/** Messages between workers and whoever is the coordinator when they arrive. */
export class Network {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  linkOf(process: Process): Link {
    return {
      call: <M extends Method>(method: M, params: Params<M>) => {
        return new Promise<Results[M]>((resolve, reject) => {
          process.act(() => {
            const answered = (result: unknown) => resolve(result as Results[M]);
            this.#send(process, method, params, answered, reject);
          });
        });
      },
      close: () => undefined,
      nowMs: () => process.nowMs,
      sleep: (ms) => process.sleep(ms),
    };
  }

  #send(
    process: Process,
    method: Method,
    params: unknown,
    resolve: (result: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { time, random, faults } = this.#world;
    const message: unknown = params === undefined ? undefined : JSON.parse(JSON.stringify(params));
    if (random.chance(faults.repeat)) {
      time.after(this.#delayMs() * 3, () => this.#deliver(process, method, message, DEAF));
    }
    if (random.chance(faults.lose)) {
      process.after(this.#delayMs(), () => reject(broken("ECONNRESET")));
      return;
    }
    const reply = new Connection(
      (result) => {
        const isLost = random.chance(this.#world.faults.lose);
        process.after(this.#delayMs(), () => {
          if (isLost) reject(broken("ECONNRESET"));
          else resolve(JSON.parse(JSON.stringify(result)));
        });
      },
      (error) => process.after(this.#delayMs(), () => reject(error)),
    );
    time.after(this.#delayMs(), () => this.#deliver(process, method, message, reply));
    if (method === "task.request" && random.chance(faults.hangUp)) {
      time.after(random.between(0, 2000), () => {
        if (reply.hangUp()) process.act(() => reject(broken("ECONNRESET")));
      });
    }
    this.#world.onDeath(process, () => reply.hangUp());
  }

  #deliver(process: Process, method: Method, message: unknown, reply: Reply): void {
    const { coordinator, isFinished } = this.#world;
    if (coordinator === undefined) {
      reply.fail(broken(isFinished ? "ENOENT" : "ECONNREFUSED"));
      return;
    }
    coordinator.receive(process, method, message, reply);
  }

  /** Long enough, sometimes, for what was sent later to arrive before. */
  #delayMs(): number {
    const { random, faults } = this.#world;
    return random.chance(faults.delay) ? random.between(5, 2500) : random.between(0.05, 2);
  }
}

class Connection implements Reply {
  readonly #onResult: (result: unknown) => void;
  readonly #onError: (error: Error) => void;
  readonly #listeners: Array<() => void> = [];
  #state: "open" | "answered" | "hungUp" = "open";

  constructor(onResult: (result: unknown) => void, onError: (error: Error) => void) {
    this.#onResult = onResult;
    this.#onError = onError;
  }

  get isHungUp(): boolean {
    return this.#state === "hungUp";
  }

  succeed(result: unknown): void {
    if (this.#close("answered")) this.#onResult(result);
  }

  fail(error: Error): void {
    const isRpc = error instanceof JSONRPCErrorException;
    if (this.#close("answered"))
      this.#onError(isRpc ? new RpcError(error.message, error.code) : error);
  }

  onHangUp(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @returns whether there was somebody to notice */
  hangUp(): boolean {
    if (!this.#close("hungUp")) return false;
    for (const listener of this.#listeners) listener();
    return true;
  }

  #close(state: "answered" | "hungUp"): boolean {
    if (this.#state !== "open") return false;
    this.#state = state;
    return true;
  }
}

/** Nobody listens to the answer to a message that arrives twice. */
export const DEAF: Reply = {
  succeed: () => undefined,
  fail: () => undefined,
  isHungUp: false,
  onHangUp: () => undefined,
};

export function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}
