// Words of tweets: how often each word occurs in one column of a CSV file.
//
//     tsmr run tweets tweets.csv
//
// Input is CSV with a header, in the layout of the customer support tweets. Only `text` is read:
//
//     tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id
//     1,sprintcare,False,Tue Oct 31 22:10:47 +0000 2017,"@115712 I understand, thanks",2,3
//
// A quoted field may contain commas, quotes ("") and line breaks. Output is one line a word:
//
//     thanks 1
//     understand 1
//
// Words are in lower case; names (@115712) and links (https://…) are ignored. TWEETS names another
// column.

import { count, csv, defineApp, lowerCase, setting, words } from "../mr/index.ts";

const TWEETS = setting("TWEETS", "text");
const NAME_OR_LINK = /@\w+|https?:\/\/\S+/gi;

export default defineApp({
  input: csv({ column: TWEETS }),
  map(text, emit) {
    for (const word of words(lowerCase(text.replace(NAME_OR_LINK, " ")))) emit(word, 1);
  },
  combine: count,
  reduce: (_word, counts) => count.of(counts),
});
