import type { ServerResponse } from "node:http";
import type { JobFeed } from "./job-feed.ts";

/**
 * How often those who watch are told of what has changed. Each time costs the machine of a browser some twenty
 * milliseconds, and that is often the one whose processors all are at work on the job.
 */
const BATCH_MS = 1000;
/** A connection on which nothing is sent is closed by some, and not known to be dead by others. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it connects again. */
const RETRY_MS = 1000;

interface Client {
  readonly response: ServerResponse;
  /** What it has been sent. */
  version: number;
  sentAt: number;
}

/**
 * Sends a job's changes to any number of clients as server-sent events. One that does not keep up is
 * sent nothing until it has taken what it was sent, and then all changes since as one: nothing is
 * queued for anybody.
 */
export class PatchStream {
  readonly #feed: JobFeed;
  readonly #id: string;
  readonly #nowMs: () => number;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param id of the job: a client may have been told of another one by an earlier server
   * @param nowMs milliseconds since the coordinator started
   */
  constructor(feed: JobFeed, id: string, nowMs: () => number) {
    this.#feed = feed;
    this.#id = id;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#clients.size;
  }

  /**
   * Sends a client what it does not have, and from then on whatever changes.
   *
   * @param lastEventId the `Last-Event-ID` of the request, when the client was here before
   */
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
    // Nobody is kept waiting for the end of a process because somebody watches it.
    this.#timer ??= setInterval(() => this.#sendAll(), BATCH_MS).unref();
  }

  /** Sends what is left to be told, and ends. */
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
      // Only the last one brings a client to this version.
      texts.splice(-1, 0, `id: ${this.#id}-${version}\n`);
      client.response.write(texts.join(""));
      client.version = version;
    }
    client.sentAt = now;
  }
}
