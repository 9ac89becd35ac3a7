import { describe, expect, it } from "vitest";
import { MrError } from "../../../src/mr/base/errors.ts";
import type { Decision } from "../../../src/mr/control/coordinator/decision.ts";
import { Publisher } from "../../../src/mr/control/coordinator/publisher.ts";
import type { JobLog, LogRecord } from "../../../src/mr/control/log/job-log.ts";

const RECORD: LogRecord = { type: "reopened", phase: "map", task: 1 };

/** A publisher whose log is written when the test says so. */
function setUp() {
  const said: string[] = [];
  let nowMs = 0;
  let fail: Error | undefined;
  const appends: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];
  const log: JobLog = {
    append: () => {
      if (fail !== undefined) throw fail;
      return new Promise((resolve, reject) => appends.push({ resolve, reject }));
    },
    check: async () => undefined,
    close: () => undefined,
  };
  const publisher = new Publisher(log, () => nowMs, {
    send: (message, isKept) => {
      if (message.to === "caller") message.answer(isKept);
    },
    onEvent: (event) => said.push(`${event.type} at ${event.atMs}`),
    onLogFailed: ({ message }) => said.push(`failed: ${message}`),
    onDeposed: ({ code }) => said.push(`deposed: ${code}`),
  });
  const decide = (name: string, records: readonly LogRecord[], then?: () => void): Decision => ({
    records,
    messages: [
      {
        to: "caller",
        answer: (isKept) => {
          said.push(isKept ? name : `${name} refused`);
          then?.();
        },
      },
    ],
    events: [{ type: "phaseStarted", phase: "reduce" }],
  });
  const settle = async (index: number, error?: Error) => {
    const append = appends[index];
    if (error === undefined) append?.resolve();
    else append?.reject(error);
    await new Promise(setImmediate);
  };
  return {
    publisher,
    said,
    decide,
    settle,
    pass: (ms: number) => {
      nowMs += ms;
    },
    failWith: (error: Error) => {
      fail = error;
    },
  };
}

describe("what the coordinator decides", () => {
  it("is told at once when there is nothing to keep, events first", () => {
    const { publisher, said, decide } = setUp();
    publisher.publish(decide("one", []));
    expect(said).toEqual(["phaseStarted at 0", "one"]);
  });

  it("waits until its records are safe, in order, with the time of the decision", async () => {
    const { publisher, said, decide, settle, pass } = setUp();
    publisher.publish(decide("one", [RECORD]));
    pass(10);
    publisher.publish(decide("two", []));
    pass(10);
    publisher.publish(decide("three", [RECORD]));
    expect(said).toEqual([]);
    await settle(0);
    expect(said).toEqual(["phaseStarted at 0", "one", "phaseStarted at 10", "two"]);
    await settle(1);
    expect(said.slice(4)).toEqual(["phaseStarted at 20", "three"]);
  });

  it("leaves after what it was decided after, even if it follows from that", async () => {
    const { publisher, said, decide, settle } = setUp();
    publisher.publish(decide("one", [RECORD], () => publisher.publish(decide("within", []))));
    publisher.publish(decide("two", []));
    await settle(0);
    expect(said.filter((line) => !line.startsWith("phase"))).toEqual(["one", "two", "within"]);
  });

  it("is told nobody once another coordinator has written the log", async () => {
    const { publisher, said, decide, settle } = setUp();
    publisher.publish(decide("one", [RECORD]));
    publisher.publish(decide("two", []));
    await settle(0, new MrError("LOG_TAKEN", "taken"));
    publisher.publish(decide("three", []));
    publisher.publish(decide("four", [RECORD]));
    expect(said).toEqual(["deposed: LOG_TAKEN"]);
  });

  it("is told nobody if the log says at once that it was taken", () => {
    const { publisher, said, decide, failWith } = setUp();
    failWith(new MrError("LOG_TAKEN", "taken"));
    publisher.publish(decide("one", [RECORD]));
    publisher.publish(decide("two", []));
    expect(said).toEqual(["deposed: LOG_TAKEN"]);
  });

  it("F12 is refused if it can't be kept, and so is what waits for it", async () => {
    const { publisher, said, decide, settle } = setUp();
    publisher.publish(decide("one", [RECORD]));
    publisher.publish(decide("two", [RECORD]));
    publisher.publish(decide("three", []));
    await settle(0);
    const full = new MrError("LOG_UNWRITABLE", "the disk is full");
    await settle(1, full);
    expect(said.slice(2)).toEqual(["two refused", "three refused", "failed: the disk is full"]);
    // What ends the job is told without being kept.
    publisher.publish(decide("end", [RECORD]));
    expect(said.at(-1)).toBe("end");
  });

  it("tells no further event of a decision once an observer has brought about a refused write", () => {
    const told: string[] = [];
    const taken = new MrError("LOG_TAKEN", "another coordinator leads");
    const log: JobLog = {
      append: () => {
        throw taken;
      },
      check: async () => undefined,
      close: () => undefined,
    };
    const publisher: Publisher = new Publisher(log, () => 0, {
      send: () => told.push("message"),
      onEvent: ({ type }) => {
        told.push(type);
        publisher.publish({ records: [RECORD], messages: [], events: [] });
      },
      onLogFailed: () => told.push("failed"),
      onDeposed: () => told.push("deposed"),
    });
    const started = { type: "phaseStarted", phase: "reduce" } as const;
    const message = { to: "caller", answer: () => undefined } as const;
    publisher.publish({ records: [], messages: [message], events: [started, started] });
    expect(told).toEqual(["phaseStarted", "deposed"]);
  });
});
