import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { fold } from "../people/folding.ts";
import { isKnown, type Person, type PersonRow, personColumns, toPerson } from "../people/person.ts";
import { isSeen, U } from "../people/visibility.ts";
import { MAX_LENGTH, MAX_WORDS } from "../people/words.ts";

const MOST_FOUND = 50;
const MIN_LETTERS = 2;

/** How many with the prefix are tried: more than are answered, since some are blocked. */
const MOST_TRIED = 80;

/** With fewer found, people are tried who have the words of the key in another order. This many, as each costs several rows. */
const FEW = 10;
const MOST_COMPARED = 30;

/**
 * Finds people by username, first and last name, in Latin or Cyrillic letters. First who has the key as username, then
 * by prefix: all words of the key must match. It reads at most some 250 rows, whatever the number of people. So words that
 * do not follow each other in the name find only those among the first people with the longest word.
 * @returns at most 50; nobody for a key of fewer than two letters
 */
export async function searchPeople(ctx: UserCtx, key: string): Promise<Person[]> {
  const words = fold(key).split(" ").slice(0, MAX_WORDS);
  if (words.join("").length < MIN_LETTERS) return [];
  const username = key.trim().slice(0, MAX_LENGTH);
  const phrase = prefixesOf(words.join(" ").slice(0, MAX_LENGTH).trimEnd());
  const [same, begun] = await ctx.db.batch([
    people(
      ctx,
      sql`SELECT id AS user_id FROM hub_users
      WHERE lower(username) = lower(${username}) AND username IS NOT NULL`,
    ),
    people(ctx, candidates(phrase, MOST_TRIED)),
  ]);
  const found = [...same, ...begun];
  if (words.length > 1 && found.length < FEW) found.push(...(await findInAnyOrder(ctx, words)));
  const byId = new Map(found.map((row) => [row.id, row]));
  return [...byId.values()].slice(0, MOST_FOUND).map((row) => toPerson(row, ctx.origin));
}

function findInAnyOrder(ctx: UserCtx, words: string[]): Promise<PersonRow[]> {
  const [longest = "", ...others] = [...new Set(words)].sort((one, other) => other.length - one.length);
  const haveAll = others.map(
    (word) =>
      sql`AND EXISTS (SELECT 1 FROM hub_words o WHERE o.user_id = f.user_id AND (${sql.join(
        prefixesOf(word).map((prefix) => sql`instr(' ' || o.word, ${` ${prefix}`}) > 0`),
        sql` OR `,
      )}))`,
  );
  return ctx.db.all(people(ctx, candidates(prefixesOf(longest), MOST_COMPARED), sql.join(haveAll, sql` `)));
}

/** A key may end in the middle of `ye`, which is stored as `e`. */
const prefixesOf = (key: string): string[] =>
  key.endsWith("y") && key.length > MIN_LETTERS ? [key, `${key.slice(0, -1)}e`] : [key];

/** People whose words begin with one of the prefixes. */
const candidates = (prefixes: string[], most: number): SQL => sql`
  SELECT DISTINCT w.user_id FROM json_each(${JSON.stringify(prefixes)}) p
  CROSS JOIN hub_words w ON w.word >= p.value AND w.word < p.value || char(1114111)
  LIMIT ${most}`;

/** CROSS JOIN keeps the order of the candidates, and stops at the limit. */
const people = ({ user }: UserCtx, ids: SQL, condition = sql``): SQL<PersonRow> => sql`
  SELECT ${personColumns(user)} FROM (${ids}) f CROSS JOIN hub_users u ON u.id = f.user_id ${isKnown(user)}
  WHERE ${isSeen(user.id, U)} ${condition} LIMIT ${MOST_FOUND}`;
