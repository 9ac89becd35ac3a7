import { JSONRPCErrorException } from "json-rpc-2.0";
import { parseParams } from "../../src/mr/control/protocol/params.ts";
import type { Method, Params, Results } from "../../src/mr/control/protocol/protocol.ts";
import { RPC_ERRORS } from "../../src/mr/control/protocol/protocol.ts";
import {
  type Caller,
  type Connection,
  type Listener,
  RpcError,
  type Service,
} from "../../src/mr/control/protocol/transport.ts";
import type { Faults } from "./faults.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a network needs to know of the world. */
export interface Environment {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly faults: Faults;
  /** Something threw what it should not. */
  fail(error: unknown): void;
}

/** Messages between workers and the coordinator that listens when they arrive, in virtual time. */
export class Network {
  readonly #environment: Environment;
  readonly #endpoints = new Set<Endpoint>();
  /** The endpoint that messages should reach. */
  #current: Endpoint | undefined;
  /** Whether the last coordinator has died, as opposed to having ended. */
  #isStale = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @param process that of the client */
  connect(process: Process): Link {
    return new Link(process, this.#environment, this);
  }

  /** From now on, messages reach this service; answers of an earlier one still arrive. */
  listen(process: Process, service: Service): Endpoint {
    const endpoint = new Endpoint(process, service, this.#environment, (isDead) => {
      this.#endpoints.delete(endpoint);
      const isCurrent = this.#current === endpoint;
      if (isCurrent) this.#current = undefined;
      // One that was replaced and ends as it should removes the address that another one left behind.
      if (isCurrent || !isDead) this.#isStale = isDead;
    });
    this.#endpoints.add(endpoint);
    this.#current = endpoint;
    return endpoint;
  }

  deliver(link: Link, method: Method, message: unknown, reply: Reply): void {
    const { random, faults } = this.#environment;
    const isStray = random.chance(faults.misroute);
    const endpoint = isStray ? random.pick([...this.#endpoints]) : this.#current;
    if (endpoint !== undefined) endpoint.receive(link, method, message, reply);
    else reply.fail(broken(this.#isStale ? "ECONNREFUSED" : "ENOENT"));
  }

  closed(link: Link): void {
    for (const endpoint of this.#endpoints) endpoint.forget(link);
  }
}

/** A client's way to the coordinator. */
class Link implements Connection {
  readonly #process: Process;
  readonly #environment: Environment;
  readonly #network: Network;
  readonly #open = new Set<Reply>();
  #isClosed = false;

  constructor(process: Process, environment: Environment, network: Network) {
    this.#process = process;
    this.#environment = environment;
    this.#network = network;
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    return new Promise((resolve, reject) => {
      this.#process.act(() => {
        const answered = (result: unknown) => resolve(result as Results[M]);
        this.#send(method, params, answered, reject);
      });
    });
  }

  close(): void {
    this.cut(true);
  }

  /** @param isNoticed whether the coordinator learns of it */
  cut(isNoticed: boolean): void {
    this.#isClosed = true;
    for (const reply of this.#open) {
      if (reply.hangUp()) this.#process.act(() => reply.giveUp(broken("ECONNRESET")));
    }
    if (isNoticed) this.#environment.time.after(1, () => this.#network.closed(this));
  }

  #send(
    method: Method,
    params: unknown,
    resolve: (result: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { time, random, faults } = this.#environment;
    if (this.#isClosed) {
      reject(broken("ECONNRESET"));
      return;
    }
    const message: unknown = params === undefined ? undefined : JSON.parse(JSON.stringify(params));
    const deliver = (reply: Reply) => this.#network.deliver(this, method, message, reply);
    if (random.chance(faults.repeat)) {
      const deaf = new Reply(
        () => undefined,
        () => undefined,
        false,
      );
      time.after(this.#delayMs() * 3, () => deliver(deaf));
    }
    if (random.chance(faults.lose)) {
      this.#process.after(this.#delayMs(), () => reject(broken("ECONNRESET")));
      return;
    }
    const reply = new Reply(
      (result) => {
        this.#open.delete(reply);
        const isLost = random.chance(this.#environment.faults.lose);
        this.#process.after(this.#delayMs(), () => {
          if (isLost || this.#isClosed) reject(broken("ECONNRESET"));
          else resolve(JSON.parse(JSON.stringify(result)));
        });
      },
      (error) => {
        this.#open.delete(reply);
        this.#process.after(this.#delayMs(), () => reject(error));
      },
    );
    this.#open.add(reply);
    time.after(this.#delayMs(), () => deliver(reply));
    if (method === "task.request" && random.chance(faults.hangUp)) {
      time.after(random.between(0, 2000), () => {
        if (reply.hangUp()) this.#process.act(() => reject(broken("ECONNRESET")));
      });
    }
  }

  /** Long enough, sometimes, for what was sent later to arrive before. */
  #delayMs(): number {
    const { random, faults } = this.#environment;
    return random.chance(faults.delay) ? random.between(5, 2500) : random.between(0.05, 2);
  }
}

/** A coordinator that listens. */
export class Endpoint implements Listener {
  readonly #process: Process;
  readonly #service: Service;
  readonly #environment: Environment;
  readonly #onClosed: (isDead: boolean) => void;
  /** The worker that each connection belongs to. */
  readonly #workers = new Map<Link, number>();
  readonly #pending = new Set<Reply>();
  /** Those of the pending replies whose worker waits for a task. */
  readonly #waiting = new Set<Reply>();

  constructor(
    process: Process,
    service: Service,
    environment: Environment,
    onClosed: (isDead: boolean) => void,
  ) {
    this.#process = process;
    this.#service = service;
    this.#environment = environment;
    this.#onClosed = onClosed;
  }

  /** Whether a worker that has asked for a task still waits for its answer. */
  get hasWaiting(): boolean {
    return [...this.#waiting].some((reply) => !reply.isHungUp);
  }

  async close(): Promise<void> {
    this.#end(false);
  }

  /** The process dies. */
  kill(): void {
    this.#end(true);
  }

  receive(from: Link, method: Method, message: unknown, reply: Reply): void {
    this.#pending.add(reply);
    this.#process.act(() => {
      if (!reply.isHungUp) this.#handle(from, method, message, reply);
    });
  }

  /** A connection has closed. */
  forget(link: Link): void {
    const worker = this.#workers.get(link);
    if (worker === undefined) return;
    this.#workers.delete(link);
    for (const other of this.#workers.values()) if (other === worker) return;
    this.#process.act(() => this.#service.onWorkerGone(worker));
  }

  #end(isDead: boolean): void {
    for (const reply of this.#pending) reply.fail(broken("ECONNRESET"));
    this.#onClosed(isDead);
  }

  #handle<M extends Method>(from: Link, method: M, message: unknown, reply: Reply): void {
    const caller: Caller = {
      onHangUp: (listener) => reply.onHangUp(() => this.#process.act(listener)),
      identify: (worker) => this.#workers.set(from, worker),
    };
    let result: unknown;
    try {
      const params = parseParams(method, message);
      if (typeof params === "string") {
        throw new JSONRPCErrorException(`${method}: ${params}`, RPC_ERRORS.invalidParams);
      }
      const { handlers } = this.#service;
      result = handlers[method](params, caller);
      const worker = (params as { worker?: unknown } | undefined)?.worker;
      if (typeof worker === "number") caller.identify(worker);
    } catch (error) {
      this.#refuse(error, reply);
      return;
    }
    if (method === "task.request" && reply.isAwaited) this.#waiting.add(reply);
    Promise.resolve(result).then(
      (value) => this.#answer(() => reply.succeed(value), reply),
      (error) => this.#refuse(error, reply),
    );
  }

  #refuse(error: unknown, reply: Reply): void {
    if (error instanceof JSONRPCErrorException) this.#answer(() => reply.fail(error), reply);
    else this.#environment.fail(error);
  }

  #answer(send: () => void, reply: Reply): void {
    if (!this.#process.isAlive) return;
    this.#pending.delete(reply);
    this.#waiting.delete(reply);
    send();
  }
}

/** Where an answer, or the news that there is none, goes. */
class Reply {
  readonly #onResult: (result: unknown) => void;
  readonly #onError: (error: Error) => void;
  readonly #listeners: Array<() => void> = [];
  #state: "open" | "answered" | "hungUp" = "open";

  /** Whether a client waits for it: none does for the answer to a message that arrives twice. */
  readonly isAwaited: boolean;

  constructor(
    onResult: (result: unknown) => void,
    onError: (error: Error) => void,
    isAwaited = true,
  ) {
    this.#onResult = onResult;
    this.#onError = onError;
    this.isAwaited = isAwaited;
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
      this.#onError(isRpc ? new RpcError(error.message, error.code, error.data) : error);
  }

  /** Tells the client, after it has hung up. */
  giveUp(error: Error): void {
    this.#onError(error);
  }

  onHangUp(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @returns whether it was open */
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

function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}
