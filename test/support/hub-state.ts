import { env } from "cloudflare:workers";
import { hubDb } from "./hub-client.ts";

// All that the hub stores, as text, without what differs at each run: times, secrets, random ids. So the states that two
// runs leave behind can be compared.

/** Ids of users go on, because limits of the platform are by them. Each run has these of its own. */
const USERS_OF_RUN = 1000;
let firstUser = 10_000_000;

/** What counts tries, also those that fail, and what rooms report at their own time. */
const COUNTS = ["hub_limits", "hub_attempts", "hub_room_deletions"];

let known: string[] | undefined;

async function tables(): Promise<string[]> {
  const select =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'hub!_%' ESCAPE '!' AND name <> 'hub_places' ORDER BY name = 'hub_deleted_posts', name";
  known ??= (await hubDb.prepare(select).all<{ name: string }>()).results.map(({ name }) => name);
  return known;
}

/** Empties the hub, so that ids begin anew. */
export async function emptyHub(): Promise<void> {
  firstUser += USERS_OF_RUN;
  const { objects } = await env.ATTACHMENTS.list({ prefix: "hub/" });
  if (objects.length) await env.ATTACHMENTS.delete(objects.map(({ key }) => key));
  await hubDb.batch(
    [
      ...(await tables()).map((table) => `DELETE FROM ${table}`),
      "DELETE FROM sqlite_sequence",
      `INSERT INTO sqlite_sequence (name, seq) VALUES ('hub_users', ${firstUser})`,
    ].map((statement) => hubDb.prepare(statement)),
  );
}

/** Text without what is random in it. */
export const plain = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/g, "uuid")
    .replace(/[\w+/=-]{22,}/g, "secret")
    .replace(/\b10(\.\d+){3}\b/g, "address")
    .replace(/\d{5,}/g, "#");

/** What rooms report after the answer, at their own time. */
const REPORTED = ["last_seq", "last_number", "last_message", "cleared_number", "read_number"];

const plainValue = (name: string, value: unknown): unknown => {
  if (name === "guesses") return "some";
  if (REPORTED.includes(name)) return "reported";
  // The 40 random bits of a room; a file's key is text.
  if (name === "key" && typeof value === "number") return "secret";
  if (typeof value === "string") return plain(value);
  if (typeof value !== "number") return value;
  if (value > 1e11) return "time";
  const user = value - firstUser;
  return user > 0 && user <= USERS_OF_RUN ? `user ${user}` : value;
};

type Row = Record<string, unknown>;

/**
 * Reads all that the hub stores. A file that nothing refers to counts as none: it goes after a day.
 * @returns a line for each row and object; an object without a row, and a file without an object, are told as such
 */
export async function hubState(): Promise<string[]> {
  const names = (await tables()).filter((name) => !COUNTS.includes(name));
  const [found, { objects }] = await Promise.all([
    hubDb.batch<Row>(names.map((name) => hubDb.prepare(`SELECT * FROM ${name}`))),
    env.ATTACHMENTS.list({ prefix: "hub/" }),
  ]);
  const files = found[names.indexOf("hub_files")]?.results ?? [];
  const stored = new Set(objects.map(({ key }) => key.slice("hub/".length)));
  const lines = names.flatMap((name, at) =>
    (found[at]?.results ?? [])
      .filter((row) => name !== "hub_files" || isKept(row))
      .map((row) => `${name} ${JSON.stringify(row, (key, value) => plainValue(key, value))}`),
  );
  const lost = files.filter((row) => isKept(row) && row.deleted_at === null && !stored.has(String(row.key)));
  const orphans = [...stored].filter((key) => !files.some((row) => row.key === key));
  return [
    ...lines,
    ...lost.map(() => "a file without an object"),
    ...orphans.map(() => "an object without a row"),
  ].sort();
}

const isKept = (row: Row): boolean => row.is_used === 1 || row.deleted_at !== null;
