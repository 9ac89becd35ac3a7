import { describe, expect, it } from "vitest";
import { Outbox } from "../../../src/mr/control/coordinator/outbox.ts";
import { Deferred } from "../../support/deferred.ts";

describe("an outbox", () => {
  it("sends at once while nothing is being kept", async () => {
    const outbox = new Outbox();
    const sent: string[] = [];
    outbox.send(() => sent.push("first"));
    expect(sent).toEqual(["first"]);
    expect(outbox.deliver("answer")).toBe("answer");
    const keeping = new Deferred<void>();
    outbox.waitFor(keeping.promise);
    keeping.resolve();
    await keeping.promise;
    expect(outbox.deliver("answer")).toBe("answer");
  });

  it("holds back what is decided until it has been kept, and keeps all in order", async () => {
    const outbox = new Outbox();
    const sent: string[] = [];
    const [first, second] = [new Deferred<void>(), new Deferred<void>()];
    outbox.waitFor(first.promise);
    outbox.send(() => {
      sent.push("after the first");
      // What follows from it is not told before what was decided earlier.
      outbox.send(() => sent.push("from within"));
    });
    const delivered = Promise.resolve(outbox.deliver("also")).then((text) => sent.push(text));
    outbox.waitFor(second.promise);
    outbox.send(() => sent.push("after the second"));
    await Promise.resolve();
    expect(sent).toEqual([]);
    first.resolve();
    await delivered;
    expect(sent).toEqual(["after the first", "also"]);
    second.resolve();
    await second.promise;
    expect(sent.slice(2)).toEqual(["after the second", "from within"]);
  });
});
