import { AT_ONCE, createBodyKey, INLINE_BYTES, putBody } from "../../src/ems/ingest/bodies.ts";
import { startAll } from "../../src/lib/concurrency.ts";
import { accountRow, attachmentRow, entryRow, messageRow, threadRow } from "./rows.ts";
import type { Row, SourceMessage } from "./source.ts";

export type Bindings = Pick<Env, "DB" | "ATTACHMENTS">;

type Stored = Record<string, string | number | null>;

/** D1 takes parameters of up to 2 MB. */
const PARAMETER_BYTES = 800_000;
const ANNOUNCED_SECONDS = 3600;
const SWEEP_OVERLAP_SECONDS = 86_400;

/** The company of each account. */
export type Companies = Map<string, number>;

/** Rows as JSON parameters, each of a size that D1 takes. */
function portionsOf(rows: object[]): string[] {
  const portions: string[][] = [];
  let room = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > room) {
      portions.push([]);
      room = PARAMETER_BYTES;
    }
    portions.at(-1)?.push(text);
    room -= bytes;
  }
  return portions.map((texts) => `[${texts.join(",")}]`);
}

/** Inserts rows that are not there yet. @param from joins other tables; the row is `j.value` */
function insert(
  { DB }: Bindings,
  table: string,
  rows: Stored[],
  from = "json_each(?) j",
): D1PreparedStatement[] {
  const columns = Object.keys(rows[0] ?? {});
  const values = columns.map((name) => `j.value ->> '${name}'`);
  const sql = `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${from} WHERE true
    ON CONFLICT DO NOTHING`;
  return portionsOf(rows).map((rows) => DB.prepare(sql).bind(rows));
}

const run = async ({ DB }: Bindings, statements: D1PreparedStatement[]): Promise<void> => {
  if (statements.length > 0) await DB.batch(statements);
};

const companyOf = (companies: Companies, { account_id }: Row): number => {
  const company = companies.get(account_id);
  if (company === undefined) throw new Error(`The account ${account_id} is not in the source`);
  return company;
};

export const writeAccounts = (to: Bindings, names: Row[], accounts: Row[]): Promise<void> =>
  run(to, [
    ...insert(
      to,
      "companies",
      names.map(({ id, name }) => ({ id, name })),
    ),
    ...insert(to, "ems_accounts", accounts.map(accountRow)),
  ]);

export const writeThreads = (to: Bindings, companies: Companies, rows: Row[]): Promise<void> =>
  run(
    to,
    insert(
      to,
      "ems_threads",
      rows.map((row) => threadRow(row, companyOf(companies, row))),
    ),
  );

/** Writes messages with their bodies and attachments, in one transaction. Large bodies are in R2 before their rows. */
export async function writeMessages(
  to: Bindings,
  companies: Companies,
  page: SourceMessage[],
): Promise<void> {
  const rows = page.map(({ message, files, nth }) => {
    const company = companyOf(companies, message);
    const { body_text = null, body_html = null }: Row = message;
    const isLarge = Buffer.byteLength(`${body_html ?? ""}${body_text ?? ""}`) > INLINE_BYTES;
    const body_key = isLarge ? createBodyKey(company) : null;
    const stored = messageRow(message, company, nth, files.length);
    const inline = isLarge ? { body_text: null, body_html: null } : { body_text, body_html };
    return { ...stored, body_key, ...inline, body: { body_text, body_html } };
  });
  const large = rows.flatMap(({ body_key: key, body }) =>
    key === null ? [] : [{ key: key as string, body }],
  );
  if (large.length > 0) {
    const due_at = Math.floor(Date.now() / 1000) + ANNOUNCED_SECONDS;
    await run(
      to,
      insert(
        to,
        "ems_garbage",
        large.map(({ key }) => ({ key, due_at })),
      ),
    );
    const puts = large.map(
      ({ key, body }) =>
        () =>
          putBody({ env: to }, key, body),
    );
    await Promise.all(startAll(puts, AT_ONCE));
  }
  const files = page.flatMap(({ message, files }) =>
    files.map((file, place) => {
      const isSame = (other: Row) => other.provider_attachment_id === file.provider_attachment_id;
      return attachmentRow(
        file,
        message,
        companyOf(companies, message),
        files.slice(0, place).filter(isSame).length,
      );
    }),
  );
  const ofMessages = "json_each(?) j JOIN ems_messages m ON m.id = j.value ->> 'message_id'";
  await run(to, [
    ...insert(
      to,
      "ems_messages",
      rows.map(({ body: _, ...row }) => row),
    ),
    ...insert(to, "ems_attachments", files, ofMessages),
  ]);
}

/** Writes users' states. What the source has replaces an earlier import. */
export const writeEntries = ({ DB }: Bindings, rows: Row[]): Promise<void> => {
  const columns = ["is_read", "is_starred", "is_archived", "read_at"];
  const values = columns.map((name) => `j.value ->> '${name}'`).join(", ");
  const excluded = columns.map((name) => `excluded.${name}`).join(", ");
  const sql = `
    INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, ${columns.join(", ")})
    SELECT j.value ->> 'user_id', m.id, m.company_id, m.account_id, m.sent_at, m.folder, ${values}
    FROM json_each(?) j JOIN ems_messages m ON m.id = j.value ->> 'message_id' WHERE true
    ON CONFLICT (message_id, user_id) DO UPDATE SET (${columns.join(", ")}) = (${excluded})
    WHERE (${columns.join(", ")}) IS NOT (${excluded})`;
  return run(
    { DB } as Bindings,
    portionsOf(rows.map(entryRow)).map((rows) => DB.prepare(sql).bind(rows)),
  );
};

/**
 * Lets sweeps go on from the newest message of each account. If a user has touched at least half of an account's messages,
 * the others get entries, too. Then the few unread are found by index (src/ems/inbox/dense-ranges.ts).
 */
export async function finish(to: Bindings, companies: Companies): Promise<void> {
  for (const account of companies.keys()) {
    const { results } = await to.DB.prepare(
      "SELECT DISTINCT user_id FROM ems_inbox_counters WHERE account_id = ?",
    )
      .bind(account)
      .all<{ user_id: number }>();
    for (const { user_id } of results) await to.DB.batch(densely(to, account, user_id));
    await to.DB.prepare(
      `INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until)
       SELECT id, ?2, 'done', unixepoch(), coalesce(
         (SELECT max(sent_at) FROM ems_messages WHERE account_id = ?1), unixepoch()) - ${SWEEP_OVERLAP_SECONDS}
       FROM ems_accounts WHERE id = ?1 AND grant_id IS NOT NULL ON CONFLICT DO NOTHING`,
    )
      .bind(account, crypto.randomUUID())
      .run();
  }
}

function densely({ DB }: Bindings, account: string, user: number): D1PreparedStatement[] {
  const shown = "FROM ems_messages m WHERE m.account_id = ?1 AND m.hidden = 0";
  const touched =
    "SELECT count(*) FROM ems_inbox_entries e WHERE e.account_id = ?1 AND e.user_id = ?2 AND e.hidden = 0";
  const isDue = `NOT EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = ?1 AND user_id = ?2)
    AND (${touched}) * 2 >= (SELECT count(*) ${shown})`;
  const edge = (order: "ASC" | "DESC") =>
    ["sent_at", "id"].map(
      (name) => `(SELECT m.${name} ${shown} ORDER BY m.sent_at ${order}, m.id ${order} LIMIT 1)`,
    );
  return [
    `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder)
     SELECT ?2, m.id, m.company_id, m.account_id, m.sent_at, m.folder ${shown} AND ${isDue}
     ON CONFLICT DO NOTHING`,
    `INSERT INTO ems_inbox_stretches (user_id, account_id, newest_at, newest_id, oldest_at, oldest_id)
     SELECT ?2, ?1, ${[...edge("DESC"), ...edge("ASC")].join(", ")}
     WHERE ${isDue} AND EXISTS (SELECT 1 ${shown}) ON CONFLICT DO NOTHING`,
  ].map((sql) => DB.prepare(sql).bind(account, user));
}
