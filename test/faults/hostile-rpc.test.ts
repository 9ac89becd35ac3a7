// Tests a running coordinator that receives malformed messages.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { socketPathOf } from "../../src/mr/base/socket-path.ts";
import { type JobResult, runJob } from "../../src/mr/engines/run-job.ts";
import { sleep } from "../support/job.ts";
import { sendHttp } from "../support/raw-http.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Counts words, once it may. */
const APP = `
  import { existsSync, writeFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  export async function map(file, text) {
    writeFileSync("HOME/begun", "");
    while (!existsSync("HOME/go")) await sleep(20);
    return text.split(" ").map((key) => ({ key, value: "1" }));
  }
  export function reduce(key, values) {
    return String(values.length);
  }
`;

const METHODS = [
  "worker.register",
  "task.request",
  "task.progress",
  "task.commit",
  "task.complete",
  "task.fail",
  "job.status",
];
const NAMES = [
  ...[
    "worker",
    "job",
    "phase",
    "task",
    "attempt",
    "records",
    "bytes",
    "cpuMs",
    "outputs",
    "counters",
  ],
  ...["message", "stack", "damaged", "skipped", "progress", "protocol", "pid", "app", "digest"],
  ...["splitting", "__proto__", "constructor", "toString", "length"],
];

/** Nothing of it is the number of a worker that there is. */
const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, "", "1", -1, 0, 0.5, 1e308, 999, "map", "../../etc/passwd"),
  fc.constantFrom<unknown>([], {}, [[]], { name: "../mr-0-0" }, "x".repeat(100_001), 2 ** 53),
  fc.jsonValue({ maxDepth: 3 }).filter((value) => value !== 1),
);
const params = fc.oneof(
  { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), values, { maxKeys: 12 }) },
  { weight: 1, arbitrary: values },
);
const requests = fc.record(
  {
    jsonrpc: fc.oneof(
      { weight: 9, arbitrary: fc.constant<unknown>("2.0") },
      { weight: 1, arbitrary: values },
    ),
    id: fc.oneof(fc.integer(), fc.string(), values),
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom<unknown>(...METHODS) },
      { weight: 1, arbitrary: values },
    ),
    params,
  },
  { requiredKeys: [] },
);
const messages = fc.oneof(
  { weight: 6, arbitrary: requests },
  { weight: 2, arbitrary: fc.array(requests, { maxLength: 5 }) },
  { weight: 1, arbitrary: values },
);

/** Bodies that are hard to take in. */
const MONSTERS: ReadonlyArray<readonly [title: string, body: string]> = [
  ["nested lists", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
  ["nested lists that do not end", "[".repeat(1_000_000)],
  [
    "nested parameters",
    `{"jsonrpc":"2.0","id":1,"method":"task.complete","params":${'{"outputs":'.repeat(50_000)}1${"}".repeat(50_000)}}`,
  ],
  ["a million requests", `[${"1,".repeat(999_999)}1]`],
  [
    "a million outputs",
    `{"jsonrpc":"2.0","id":1,"method":"task.complete","params":{"worker":1,"phase":"map","task":0,"attempt":1,"outputs":[${"0,".repeat(1_000_000)}0]}}`,
  ],
  ["a long method", `{"jsonrpc":"2.0","id":1,"method":"${"m".repeat(1_000_000)}"}`],
  [
    "a long number",
    `{"jsonrpc":"2.0","id":1,"method":"task.request","params":{"worker":${"9".repeat(100_000)}}}`,
  ],
  [
    "a reason that is none",
    '{"jsonrpc":"2.0","id":1,"method":"job.cancel","params":{"reason":{"toString":1}}}',
  ],
  [
    "a prototype",
    '{"jsonrpc":"2.0","id":1,"method":"job.cancel","params":{"reason":7,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
  ],
  [
    "the wrong output",
    '{"jsonrpc":"2.0","id":1,"method":"task.complete","params":{"worker":1,"phase":"map","task":0,"attempt":1,"outputs":[{"name":"mr-0-1","bytes":0,"crc32":0}]}}',
  ],
];

let home: string;
let out: string;
let job: Promise<JobResult>;
beforeEach(async () => {
  home = temporaryDirectory();
  out = join(home, "out");
  writeFileSync(join(home, "app.ts"), APP.replaceAll("HOME", home));
  writeFileSync(join(home, "in.txt"), "b a b");
  const app = join(home, "app.ts");
  // Its task waits for as long as the nonsense takes to be sent, which is no lease's business.
  const settings = { workers: 1, reduces: 1, attempts: 1, leaseMs: 600_000 };
  job = runJob({ app, inputs: [join(home, "in.txt")], out, ...settings });
  // It is awaited in the end.
  job.catch(() => undefined);
  while (!existsSync(join(home, "begun"))) await Promise.race([sleep(20), job]);
});

/** Nothing that was said has had any effect: one attempt of each task was enough. */
async function expectExactOutput(): Promise<void> {
  writeFileSync(join(home, "go"), "");
  const { outputs } = await job;
  expect(outputs.map((path) => readFileSync(path, "utf8"))).toEqual(["a 1\nb 2\n"]);
  expect(readdirSync(out).sort()).toEqual([".mr-events", "mr-out-0"]);
}

/** Whether an answer, or one of a batch, says that something was done. */
function isTaken(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some(isTaken);
  const { result } = answer as {
    readonly result?: { readonly accepted?: boolean; readonly worker?: number };
  };
  return result?.accepted === true || result?.worker !== undefined;
}

describe("a coordinator that is sent nonsense", () => {
  it("F34: answers each message with an error, and completes its job exactly", async () => {
    const socketPath = socketPathOf(out);
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const { status, text } = await sendHttp(socketPath, JSON.stringify(message));
        expect([200, 204]).toContain(status);
        if (status === 200) expect(isTaken(JSON.parse(text)), text).toBe(false);
      }),
      { numRuns: 500 },
    );
    await expectExactOutput();
  });

  it("F34: survives what is deep, long or of the wrong kind, and completes its job exactly", async () => {
    const socketPath = socketPathOf(out);
    for (const [title, body] of MONSTERS) {
      const { status, text } = await sendHttp(socketPath, body);
      expect(status, title).toBe(200);
      expect(text, title).toContain('"error"');
      expect(text.length, title).toBeLessThan(1_100_000);
      expect(JSON.parse((await sendHttp(socketPath, STATUS)).text), title).toMatchObject({
        result: { state: "running" },
      });
    }
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
    await expectExactOutput();
  });
});

const STATUS = '{"jsonrpc":"2.0","id":1,"method":"job.status"}';
