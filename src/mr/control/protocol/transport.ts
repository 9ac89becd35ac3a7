import { errorCode } from "../../base/errors.ts";
import type { Method, Params, Results } from "./protocol.ts";

/*
 * How the requests of workers reach the coordinator. Every transport passes the same tests.
 */

/** The client's side: a worker's connection to the coordinator. */
export interface Connection {
  /**
   * Calls a method and waits for its result, however long that takes. A call may arrive twice, so every method
   * is safe to repeat.
   *
   * @throws RpcError when the coordinator answers with an error
   * @throws MrError `PROTOCOL_ERROR` when the answer is malformed, or `COORDINATOR_UNREACHABLE` when the coordinator
   *   belongs to another user; the message is the end of a sentence
   * @throws an error for which {@link isUnreachable} is true when there is no answer: its `code` is `ENOENT` if there
   *   was no coordinator or it has ended, and another one if it has died
   */
  call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
  /** Calls without an answer fail. */
  close(): void;
}

/** A request that waits for its answer. */
export interface Caller {
  /** Calls `listener` if the connection closes before the answer is sent. */
  onHangUp(listener: () => void): void;
  /** Says which worker uses this connection, for `onWorkerGone`. */
  identify(worker: number): void;
}

/** Answers have no time limit. */
export type Handlers = {
  readonly [M in Method]: (params: Params<M>, caller: Caller) => Results[M] | Promise<Results[M]>;
};

/** The server's side: the coordinator. */
export interface Service {
  /** A handler that throws or rejects with a JSONRPCErrorException refuses the call with that error. */
  readonly handlers: Handlers;
  /** Called when the last connection of a worker has closed: the earliest sign of its death. */
  readonly onWorkerGone: (worker: number) => void;
}

/** A service that can be reached. */
export interface Listener {
  /** Stops listening, lets answers under way be sent, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Makes a service reachable.
 *
 * @throws MrError when the address cannot be used, or another coordinator has it
 */
export type Listen = (service: Service) => Promise<Listener>;

/** The coordinator answered that it can't or won't do what was asked. */
export class RpcError extends Error {
  override name = "RpcError";
  /** One of the codes in docs/protocol.md. */
  readonly code: number;
  /** Further details of the answer, unchecked. */
  readonly data: unknown;

  constructor(message: string, code: number, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Whether a call failed because no coordinator listens (any more), as opposed to being refused. */
export function isUnreachable(error: unknown): boolean {
  return ["ENOENT", "ECONNREFUSED"].includes(errorCode(error) ?? "") || isBrokenConnection(error);
}

/** Whether a call failed because so many others wait to be accepted: a coordinator listens there. */
export function isBusy(error: unknown): boolean {
  return errorCode(error) === "EAGAIN";
}

export function isBrokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "");
}
