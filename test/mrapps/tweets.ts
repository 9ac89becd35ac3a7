import { Random } from "../simulation/random.ts";

/** What a row is made of, as far as a test wants to know. */
export interface Tweet {
  readonly author: string;
  readonly inbound: "True" | "False";
  readonly text: string;
}

const TEXTS = [
  "@115712 I understand. I would like to assist you, please DM us",
  "@sprintcare and how do you propose we do that",
  'is "unlimited" really unlimited?\n\nAsking for a friend',
  "Worst customer service EVER, 3 hours on hold… https://t.co/x1Yz?a=b",
  "¡Gracias! Ça marche, très bien ☺",
  "",
  "It's back, thanks @AppleSupport",
];

/** Tweets to and from customer support, in the layout in which they are published. */
export function makeTweets(count: number): { tweets: Tweet[]; file: string } {
  const random = new Random(5);
  const rows = [
    "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id",
  ];
  const tweets = Array.from({ length: count }, (_, id): Tweet => {
    const isInbound = random.chance(0.6);
    const author = isInbound
      ? String(115_700 + random.whole(0, 60))
      : (random.pick(["sprintcare", "AppleSupport"]) ?? "");
    const text = Array.from({ length: random.whole(1, 2) }, () => random.pick(TEXTS)).join(" ");
    const inbound = isInbound ? "True" : "False";
    const quoted = /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const answer = id === 0 ? "" : String(id);
    rows.push(
      `${id + 1},${author},${inbound},Tue Oct 31 22:10:47 +0000 2017,${quoted},${id + 2},${answer}`,
    );
    return { author, inbound, text };
  });
  return { tweets, file: `${rows.join("\n")}\n` };
}
