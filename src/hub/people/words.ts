import { type SQL, sql } from "../../platform/d1/sql.ts";
import { fold } from "./folding.ts";

/** How much of a name is searched, in characters, and how many words of it. */
export const MAX_LENGTH = 80;
export const MAX_WORDS = 6;

/** What a person is found by. */
export interface Names {
  username: string | null;
  first_name: string;
  last_name: string;
}

/**
 * Replaces what a person is found by; only rows that differ are written. For the batch that writes the names.
 * A deletion of the account deletes the rows of hub_words.
 */
export function setWords(userId: number, names: Names): SQL[] {
  const words = JSON.stringify(wordsOf(names));
  return [
    sql`DELETE FROM hub_words WHERE user_id = ${userId} AND word NOT IN (SELECT value FROM json_each(${words}))`,
    sql`INSERT INTO hub_words (word, user_id) SELECT value, ${userId} FROM json_each(${words}) WHERE true
        ON CONFLICT DO NOTHING`,
  ];
}

/**
 * What is stored: for each word of a name, the name as it goes on from there, and round: `john smith`, `smith john`. So a
 * key of several words is the prefix of one row, and a key of one word too. A row that begins another is left out.
 */
export function wordsOf({ username, first_name, last_name }: Names): string[] {
  const handle = fold(username ?? "").split(" ");
  const name = fold(`${first_name} ${last_name}`).split(" ");
  const rows = [...rotationsOf(name), ...rotationsOf(handle), handle.join("")]
    .map((row) => row.slice(0, MAX_LENGTH).trimEnd())
    .filter((row) => row !== "");
  return [...new Set(rows)].filter((row) => !rows.some((other) => other !== row && other.startsWith(row)));
}

const rotationsOf = (words: string[]): string[] =>
  words.slice(0, MAX_WORDS).map((_, nth, kept) => [...kept.slice(nth), ...kept.slice(0, nth)].join(" "));
