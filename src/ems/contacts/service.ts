import { isAddress } from "../../lib/address.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, narrowedTo, type UserCtx } from "../context.ts";
import { ofEachPart } from "../lists/merge.ts";
import type { ContactListResponse } from "./responses.ts";
import type { ContactsQuery } from "./schemas.ts";

/** The caller's companies that are looked at, and the mailboxes of these. */
const MAX_COMPANIES = 20;
const MAX_ACCOUNTS = 100;
/** The newest mails of an address that are asked for its name. */
const MAILS = 10;
/** The last character of Unicode: after each text that begins with the prefix. */
const LAST = "\u{10ffff}";

/** An address in a mailbox, with the newest name that it is known by, if any, and when that was. */
type Found = [email: string, named: [name: string, at: number] | null];

/**
 * Lists senders of mail in the caller's mailboxes whose address begins with `q`, by address.
 * @returns each address once, with the name of its newest mail that has one
 */
export async function listContacts(ctx: UserCtx, query: ContactsQuery): Promise<ContactListResponse> {
  const companies = query.account_id ? ctx.user.companies : ctx.user.companies.slice(0, MAX_COMPANIES);
  const parts = await Promise.all(
    ofEachPart(narrowedTo(ctx, companies)).map((part) => findSenders(part, query)),
  );
  const byEmail = new Map<string, { name: string | null; at: number }>();
  for (const [email, named] of parts.flat()) {
    const [name, at] = named ?? [null, -1];
    const known = byEmail.get(email);
    if (isAddress(email) && (!known || at > known.at)) byEmail.set(email, { name, at });
  }
  const emails = [...byEmail.keys()].sort().slice(0, query.size);
  return { items: emails.map((email) => ({ name: byEmail.get(email)?.name ?? null, email })) };
}

/**
 * Finds the first senders of each mailbox. An index has a mailbox's senders in order, so each step seeks the next
 * address after the last: mails of the same sender are not read.
 */
async function findSenders(ctx: UserCtx, { q, account_id, size }: ContactsQuery): Promise<Found[]> {
  const sender = (after: ReturnType<typeof sql>) => sql`
    SELECT lower(from_address) FROM ems_messages
    WHERE account_id = a.id AND hidden = 0 AND ${after} AND lower(from_address) < lower(${q}) || ${LAST}
    ORDER BY lower(from_address) LIMIT 1`;
  const rows = await ctx.db.all(sql<{ found: string }>`
    SELECT (
      WITH RECURSIVE related (email) AS (
        SELECT (${sender(sql`lower(from_address) >= lower(${q})`)})
        UNION ALL
        SELECT (${sender(sql`lower(from_address) > related.email`)}) FROM related WHERE related.email IS NOT NULL
        LIMIT ${size})
      SELECT json_group_array(json_array(email, json((
        SELECT json_array(from_name, sent_at) FROM (
          SELECT from_name, sent_at FROM ems_messages
          WHERE account_id = a.id AND hidden = 0 AND lower(from_address) = email ORDER BY sent_at DESC LIMIT ${MAILS})
        WHERE from_name IS NOT NULL LIMIT 1)))) FROM related WHERE email IS NOT NULL) AS found
    FROM ems_accounts a WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}
    LIMIT ${MAX_ACCOUNTS}`);
  return rows.flatMap(({ found }): Found[] => JSON.parse(found));
}
