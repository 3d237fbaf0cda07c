import { isDeepStrictEqual } from "node:util";
import { type BodyColumns, loadBody } from "../../src/ems/ingest/bodies.ts";
import { attachmentRow, messageRow } from "./rows.ts";
import type { EntryCounts, Kind, Row, Source, SourceMessage } from "./source.ts";
import type { Bindings, Companies } from "./target.ts";

const SAMPLE = 1000;
const AT_A_TIME = 100;

/** D1 names them so. Entries that nobody touched are there for speed only. */
const COUNTED: Record<Kind, string> = {
  accounts: "SELECT count(*) AS n FROM ems_accounts WHERE id IN (SELECT value FROM json_each(?))",
  threads: "SELECT count(*) AS n FROM ems_threads WHERE account_id IN (SELECT value FROM json_each(?))",
  messages: "SELECT count(*) AS n FROM ems_messages WHERE account_id IN (SELECT value FROM json_each(?))",
  attachments:
    "SELECT count(*) AS n FROM ems_attachments WHERE account_id IN (SELECT value FROM json_each(?))",
  entries:
    "SELECT count(*) AS n FROM ems_inbox_entries WHERE account_id IN (SELECT value FROM json_each(?)) AND state > 0",
};

/**
 * Compares the import with the source. It counts rows, and compares up to 1,000 messages field by field, with bodies and
 * attachments. Then it compares what each user has read, starred and archived, and all counters.
 * @returns a sentence for each difference; none if all is the same
 */
export async function compare(source: Source, to: Bindings, companies: Companies): Promise<string[]> {
  const accounts = JSON.stringify([...companies.keys()]);
  return [
    ...(await compareCounts(source, to, accounts)),
    ...(await compareMessages(source, to, companies)),
    ...(await compareUsers(source, to, accounts)),
    ...(await compareCounters(to, accounts)),
  ];
}

async function compareCounts(source: Source, { DB }: Bindings, accounts: string): Promise<string[]> {
  const wanted = await source.counts();
  const kinds = Object.keys(COUNTED) as Kind[];
  const found = await DB.batch<{ n: number }>(kinds.map((kind) => DB.prepare(COUNTED[kind]).bind(accounts)));
  return kinds.flatMap((kind, nth) => {
    const n = found[nth]?.results[0]?.n;
    return n === wanted[kind] ? [] : [`${kind}: ${wanted[kind]} in the source, ${n} here`];
  });
}

async function compareMessages(source: Source, to: Bindings, companies: Companies): Promise<string[]> {
  const sample = await source.sample(SAMPLE);
  const differences: string[] = [];
  for (let start = 0; start < sample.length; start += AT_A_TIME) {
    const some = sample.slice(start, start + AT_A_TIME);
    const ids = some.map(({ message }) => message.id as string);
    const files = Map.groupBy(await source.attachments(ids), ({ message_id }) => message_id as string);
    const select = (table: string, id: string) =>
      to.DB.prepare(
        `SELECT * FROM ${table} WHERE ${id} IN (SELECT value FROM json_each(?)) ORDER BY id`,
      ).bind(JSON.stringify(ids));
    const [messages, attachments] = await to.DB.batch<Row>([
      select("ems_messages", "id"),
      select("ems_attachments", "message_id"),
    ]);
    const rows = new Map(messages?.results.map((row) => [row.id as string, row]));
    const stored = Map.groupBy(attachments?.results ?? [], ({ message_id }) => message_id as string);
    for (const { message } of some) {
      const both = { files: files.get(message.id) ?? [], stored: stored.get(message.id) ?? [] };
      differences.push(...(await compareMessage(to, companies, message, rows.get(message.id), both)));
    }
  }
  return differences;
}

async function compareMessage(
  to: Bindings,
  companies: Companies,
  message: SourceMessage["message"],
  found: Row | undefined,
  { files, stored }: { files: Row[]; stored: Row[] },
): Promise<string[]> {
  if (!found) return [`message ${message.id} is not here`];
  const company = companies.get(message.account_id) ?? 0;
  const { body_html, body_text } = await loadBody({ env: to }, found as BodyColumns);
  // The place in the thread is not read again: it costs a look at the thread.
  const { thread_version: _, ...row } = messageRow(message, company, 0, files.length);
  const wanted: Row = { ...row, body_html: message.body_html ?? null, body_text: message.body_text ?? null };
  const actual: Row = { ...found, body_html, body_text };
  const fields = Object.keys(wanted).filter((name) => !isDeepStrictEqual(wanted[name], actual[name]));
  const nthOf = (file: Row, place: number) =>
    files.slice(0, place).filter((each) => each.provider_attachment_id === file.provider_attachment_id)
      .length;
  const isLost = files.some((file, place) => {
    const wantedFile = attachmentRow(file, message, company, nthOf(file, place));
    const actualFile = stored.find(({ id }) => id === file.id);
    return !Object.keys(wantedFile).every((name) => wantedFile[name] === actualFile?.[name]);
  });
  return [
    ...fields.map(
      (name) =>
        `message ${message.id}: ${name} is ${show(wanted[name])} in the source, ${show(actual[name])} here`,
    ),
    ...(isLost || files.length !== stored.length ? [`message ${message.id}: other attachments`] : []),
  ];
}

const show = (value: unknown): string => (JSON.stringify(value) ?? "absent").slice(0, 80);

/** What each user has read, starred and archived, by the counters that lists show. */
async function compareUsers(source: Source, { DB }: Bindings, accounts: string): Promise<string[]> {
  const { results } = await DB.prepare(
    "SELECT user_id, account_id, states FROM ems_inbox_counters WHERE account_id IN (SELECT value FROM json_each(?))",
  )
    .bind(accounts)
    .all<{ user_id: number; account_id: string; states: string }>();
  const here = new Map(
    results.map(({ user_id, account_id, states }) => [`${user_id} ${account_id}`, countStates(states)]),
  );
  return (await source.entryCounts()).flatMap(({ user_id, account_id, ...wanted }) => {
    const found = here.get(`${user_id} ${account_id}`);
    const isSame = isDeepStrictEqual({ ...wanted }, found);
    return isSame
      ? []
      : [`user ${user_id} in account ${account_id}: ${show(wanted)} in the source, ${show(found)} here`];
  });
}

/** Adds up counters by state, such as `{"inbox1": 30}`. A state is a bit mask: src/ems/items/counts.ts. */
function countStates(states: string): Omit<EntryCounts, "user_id" | "account_id"> {
  const counts = Object.entries(JSON.parse(states) as Record<string, number>);
  const withBit = (bit: number) =>
    counts.reduce((sum, [place, count]) => sum + (Number(/\d$/.exec(place)) & bit ? count : 0), 0);
  return { read: withBit(1), starred: withBit(2), archived: withBit(4) };
}

/** Counters of accounts and threads, which triggers keep, against the rows that they count. */
async function compareCounters({ DB }: Bindings, accounts: string): Promise<string[]> {
  const { results } = await DB.prepare(
    `SELECT 'account ' || id AS name, message_count + hidden_message_count AS counted,
       (SELECT count(*) FROM ems_messages WHERE account_id = a.id) AS actual
     FROM ems_accounts a WHERE id IN (SELECT value FROM json_each(?1)) AND counted <> actual
     UNION ALL
     SELECT 'thread ' || id, message_count + hidden_count AS counted,
       (SELECT count(*) FROM ems_messages WHERE thread_id = t.id) AS actual
     FROM ems_threads t WHERE account_id IN (SELECT value FROM json_each(?1)) AND counted <> actual
     LIMIT 100`,
  )
    .bind(accounts)
    .all<{ name: string; counted: number; actual: number }>();
  return results.map(
    ({ name, counted, actual }) => `${name}: its counter says ${counted}, and it has ${actual} messages`,
  );
}
