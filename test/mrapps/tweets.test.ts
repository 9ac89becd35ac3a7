import { beforeEach, describe, expect, it } from "vitest";
import { mrError } from "../support/mr-error.ts";
import { AppUnderTest, countLines, countUp, loadShipped, sorted } from "./app-under-test.ts";
import { makeTweets } from "./tweets.ts";

describe("tweets", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("counts the words of the texts that the file was made of", async () => {
    const { tweets, file } = makeTweets(400);
    job.write("tweets.csv", file);
    const counts = new Map<string, number>();
    for (const { text } of tweets) {
      for (const part of text.split(/\s+/)) {
        if (part.startsWith("@") || part.startsWith("http")) continue;
        for (const word of part.toLowerCase().split(/\P{L}+/u))
          if (word !== "") countUp(counts, word);
      }
    }
    const outputs = await job.run(await loadShipped("tweets"), ["tweets.csv"]);
    expect(sorted(...outputs)).toEqual(countLines(counts));
    expect(counts.size).toBeGreaterThan(15);
  });

  it("counts no links, however their protocol is written", async () => {
    job.write("tweets.csv", "text\nHTTPS://T.co/abc see Http://x.y https://t.co/d\n");
    const outputs = await job.run(await loadShipped("tweets"), ["tweets.csv"]);
    expect(sorted(...outputs)).toEqual(["see 1"]);
  });

  it("counts the words of another column", async () => {
    const { tweets, file } = makeTweets(100);
    job.write("tweets.csv", file);
    const outbound = tweets.filter(({ inbound }) => inbound === "False").length;
    const app = await loadShipped("tweets", { TWEETS: "inbound" });
    const outputs = await job.run(app, ["tweets.csv"]);
    expect(sorted(...outputs)).toEqual([`false ${outbound}`, `true ${100 - outbound}`]);
  });

  it("names the columns there are when there is no such one", async () => {
    job.write("tweets.csv", makeTweets(1).file);
    await expect(
      job.run(await loadShipped("tweets", { TWEETS: "body" }), ["tweets.csv"]),
    ).rejects.toThrow(
      mrError(
        "USAGE",
        /no column "body" \("tweet_id", "author_id", "inbound", "created_at", "text", /,
      ),
    );
  });
});
