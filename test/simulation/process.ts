import type { VirtualTime } from "./virtual-time.ts";

/** A process that can be stopped for a while, and killed, between any two things it does. */
export class Process {
  readonly #time: VirtualTime;
  /** How much slower than the world's its clock runs. */
  readonly #drift: number;
  #isAlive = true;
  #wakesMs = 0;

  constructor(time: VirtualTime, drift: number) {
    this.#time = time;
    this.#drift = drift;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Its monotonic clock. */
  nowMs(): number {
    return this.#time.nowMs / this.#drift;
  }

  /** Does something now, or when it is woken, or never. */
  act(what: () => void): void {
    if (!this.#isAlive) return;
    const restMs = this.#wakesMs - this.#time.nowMs;
    if (restMs > 0) this.#time.after(restMs, () => this.act(what));
    else what();
  }

  /** @param ms by its own clock */
  after(ms: number, what: () => void): void {
    this.#time.after(ms * this.#drift, () => this.act(what));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  pause(ms: number): void {
    this.#wakesMs = Math.max(this.#wakesMs, this.#time.nowMs + ms);
  }

  kill(): void {
    this.#isAlive = false;
  }
}
