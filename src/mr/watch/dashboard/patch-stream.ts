import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { JobFeed } from "./job-feed.ts";

/** Each update takes a browser about 20 ms, often on the machine that is busy with the job. */
const BATCH_MS = 1000;
/** Idle connections get a comment this often: proxies close silent ones, and dead ones are noticed. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it reconnects. */
const RETRY_MS = 1000;

interface Client {
  readonly response: ServerResponse;
  /** The version that it has been sent. */
  version: number;
  sentAt: number;
}

/**
 * Sends the changes of a job to any number of clients as server-sent events. Nothing is queued: a client that
 * does not keep up gets nothing until it has received everything sent so far, and then all changes in one.
 */
export class PatchStream {
  readonly #feed: JobFeed;
  /** Identifies the job: a client may have events of another one, from an earlier server on the port. */
  readonly #id = randomBytes(4).toString("hex");
  readonly #nowMs: () => number;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  /** @param nowMs milliseconds since the coordinator started */
  constructor(feed: JobFeed, nowMs: () => number) {
    this.#feed = feed;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Sends a client everything it does not have, and from then on all changes. */
  add(response: ServerResponse, lastEventId: string | undefined): void {
    const version = this.#versionOf(lastEventId);
    response.socket?.setNoDelay(true);
    response.write(`retry: ${RETRY_MS}\n\n`);
    const client = { response, version, sentAt: performance.now() };
    this.#clients.add(client);
    response.once("close", () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#stop();
    });
    this.#send(client);
    // Watching a job must not keep its process alive.
    this.#timer ??= setInterval(() => this.#sendAll(), BATCH_MS).unref();
  }

  /** Sends the last changes and closes all connections. */
  close(): void {
    this.#sendAll();
    for (const { response } of this.#clients) response.end();
    this.#stop();
  }

  #versionOf(lastEventId = ""): number {
    const [id, version = ""] = lastEventId.split("-", 2);
    if (id !== this.#id || !/^[0-9]{1,15}$/.test(version)) return 0;
    return Math.min(Number(version), this.#feed.version);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sendAll(): void {
    for (const client of this.#clients) {
      if (!client.response.writableNeedDrain) this.#send(client);
    }
  }

  #send(client: Client): void {
    const { version } = this.#feed;
    const now = performance.now();
    if (client.version === version && version > 0) {
      if (now - client.sentAt < HEARTBEAT_MS) return;
      client.response.write(": still here\n\n");
    } else {
      const patches = this.#feed.since(client.version, this.#nowMs());
      const texts = patches.map((patch) => `data: ${JSON.stringify(patch)}\n\n`);
      // A client has this version only after the last patch.
      texts.splice(-1, 0, `id: ${this.#id}-${version}\n`);
      client.response.write(texts.join(""));
      client.version = version;
    }
    client.sentAt = now;
  }
}
