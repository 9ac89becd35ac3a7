import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Registration } from "../../src/mr/control/protocol/protocol.ts";
import { Heartbeat } from "../../src/mr/worker/heartbeat.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const JOB: Registration = {
  ...{ worker: 1, term: 1, job: "00c0ffee", directory: "/job", inputDirectory: "/job" },
  ...{ reduces: 1, leaseMs: 200, skipBadRecords: false },
};
const TASK = { kind: "reduce", task: 0, attempt: 1, sources: [] } as const;

/** More than it takes to get an answer. */
const MAX_BEATS = 200;

const toClose: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** A heartbeat, and the parameters of the beats that its coordinator gets. */
async function setUp() {
  const beats: Array<{ readonly alive?: boolean }> = [];
  const answer = { accepted: true };
  let onBeat: () => void = () => undefined;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    beats.push(JSON.parse(body).params);
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: answer }));
    onBeat();
  });
  const socketPath = join(temporaryDirectory(), "socket");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const heartbeat = new Heartbeat();
  heartbeat.connect(socketPath, 10_000, { job: JOB });
  toClose.push(
    () => heartbeat.close(),
    () => server.close(),
  );
  const nextBeat = async () => {
    const seen = beats.length;
    while (beats.length === seen) await new Promise<void>((resolve) => (onBeat = resolve));
    return beats.at(-1);
  };
  return { heartbeat, nextBeat, answer };
}

function isStale(heartbeat: Heartbeat): boolean {
  try {
    heartbeat.addRecords(1);
    return false;
  } catch {
    return true;
  }
}

it("F42 says once that an app is alive which has said so", async () => {
  const { heartbeat, nextBeat } = await setUp();
  heartbeat.begin(TASK);
  expect((await nextBeat())?.alive).toBeUndefined();
  heartbeat.alive();
  const after: unknown[] = [];
  // One beat may have been under way.
  for (let beat = 0; beat < 4; beat++) after.push((await nextBeat())?.alive);
  expect(after.filter((alive) => alive === true)).toHaveLength(1);
  expect(after.at(-1)).toBeUndefined();
});

it("F7 F8 ends an attempt that the coordinator has given up at its next progress, and not the next one", async () => {
  const { heartbeat, nextBeat, answer } = await setUp();
  heartbeat.begin(TASK);
  await nextBeat();
  for (const progress of ["addRecords", "addBytes"] as const) heartbeat[progress](1);
  answer.accepted = false;
  // User code that is done is not killed, however long it takes.
  heartbeat.workDone();
  const stale = expect.objectContaining({ code: "ATTEMPT_STALE" });
  // The thread may give up waiting for an answer of this busy process, and asks again.
  for (let beat = 0; beat < MAX_BEATS && !isStale(heartbeat); beat++) await nextBeat();
  for (const progress of ["addRecords", "addBytes", "alive"] as const) {
    expect(() => heartbeat[progress](1)).toThrow(stale);
  }
  heartbeat.end();
  answer.accepted = true;
  heartbeat.begin({ ...TASK, attempt: 2 });
  for (const progress of ["addRecords", "addBytes", "alive"] as const) heartbeat[progress](1);
});

it("F43 says that an attempt is alive whose output is being synced", async () => {
  const { heartbeat, nextBeat } = await setUp();
  heartbeat.begin(TASK);
  expect((await nextBeat())?.alive).toBeUndefined();
  heartbeat.workDone();
  await nextBeat();
  for (let beat = 0; beat < 3; beat++) expect((await nextBeat())?.alive).toBe(true);
  heartbeat.end();
  heartbeat.begin({ ...TASK, attempt: 2 });
  await nextBeat();
  expect((await nextBeat())?.alive).toBeUndefined();
});
