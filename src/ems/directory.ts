import { nowSeconds } from "../lib/time.ts";
import { type SQL, sql } from "../platform/d1/sql.ts";
import { batch, type Ctx, ofCompany, ofNoCompany } from "./context.ts";
import { addressKey, claimsOf, grantKey } from "./store/claims.ts";

// With STORE=objects no query covers all companies. So ems_directory, in D1, says which company has an address or a
// grant. It may name a company that has lost it, or that failed to take it: ask the company's own rows before trusting it.

/** A mailbox as the directory knows it. */
interface Mailbox {
  company_id: number;
  email_address: string;
  grant_id: string;
}

/** How long a claim counts although the company has no such account: longer than connecting a mailbox takes. */
const CLAIM_SECONDS = 600;

/** Selects the accounts that have proven an address. */
const selectProven = (address: string): SQL<{ company_id: number }> => sql`
  SELECT company_id FROM ems_accounts
  WHERE lower(email_address) = lower(${address}) AND proven_at IS NOT NULL`;

const selectWithGrant = (grant: string): SQL<{ company_id: number }> =>
  sql`SELECT company_id FROM ems_accounts WHERE grant_id = ${grant}`;

/** A company whose rows are still in D1 shares them with others. */
const only = (company: number, holders: SQL<{ company_id: number }>) => sql<{ company_id: number }>`
  SELECT company_id FROM (${holders}) held WHERE held.company_id = ${company}`;

const selectHolder = (key: string): SQL<{ company_id: number }> =>
  sql`SELECT company_id FROM ems_directory WHERE key = ${key}`;

/** @returns the companies that have proven an address. At most one has */
export async function holdersOf(ctx: Ctx, address: string): Promise<number[]> {
  const main = ofNoCompany(ctx);
  const [listed, known] = await batch(main, [selectHolder(addressKey(address)), selectProven(address)]);
  const holders = known.map(({ company_id }) => company_id);
  for (const { company_id } of listed) {
    const [account] = await ofCompany(ctx, company_id).db.all(only(company_id, selectProven(address)));
    if (account && !holders.includes(company_id)) holders.push(company_id);
  }
  return holders;
}

/** The context of the company that has a grant; without one, that of rows without a company. */
export async function ofGrant(ctx: Ctx, grant: string | null): Promise<Ctx> {
  const main = ofNoCompany(ctx);
  if (grant === null || !ctx.db.isDivided) return main;
  const [holder] = await main.db.all(sql<{ company_id: number }>`
    ${selectHolder(grantKey(grant))} UNION ALL ${selectWithGrant(grant)} LIMIT 1`);
  return holder ? ofCompany(ctx, holder.company_id) : main;
}

/**
 * Claims an address and a grant for a company, so that no other can connect them. If the database is not divided, its
 * unique indexes do that, and this does nothing.
 * @returns false when another company has one of them
 */
export async function claimMailbox(
  ctx: Ctx,
  { company_id, email_address, grant_id }: Mailbox,
): Promise<boolean> {
  if (!ctx.db.isDivided) return true;
  return (
    (await claim(ctx, company_id, addressKey(email_address), selectProven(email_address))) &&
    (await claim(ctx, company_id, grantKey(grant_id), selectWithGrant(grant_id)))
  );
}

/** @param holders selects the companies whose accounts have what is claimed */
async function claim(
  ctx: Ctx,
  company: number,
  key: string,
  holders: SQL<{ company_id: number }>,
): Promise<boolean> {
  const { db } = ofNoCompany(ctx);
  const now = nowSeconds();
  const take = (staleAt: number | null) => sql<{ key: string }>`
    INSERT INTO ems_directory (key, company_id, claimed_at)
    SELECT ${key}, ${company}, ${now} WHERE NOT EXISTS (
      SELECT 1 FROM (${holders}) held WHERE held.company_id <> ${company})
    ON CONFLICT (key) DO UPDATE SET company_id = excluded.company_id, claimed_at = excluded.claimed_at
    WHERE company_id = excluded.company_id OR claimed_at = ${staleAt}
    RETURNING key`;
  if ((await db.all(take(null))).length > 0) return true;
  const [other] = await db.all(sql<{ company_id: number; claimed_at: number }>`
    SELECT company_id, claimed_at FROM ems_directory WHERE key = ${key}`);
  if (!other || other.claimed_at > now - CLAIM_SECONDS) return false;
  const held = await ofCompany(ctx, other.company_id).db.all(only(other.company_id, holders));
  // Race: the claim is taken only if nobody has renewed it since.
  return held.length === 0 && (await db.all(take(other.claimed_at))).length > 0;
}

/** Removes what the directory says of a company, except for the accounts that it has, and for claims under way. */
export async function cleanDirectory(ctx: Ctx, company: number): Promise<void> {
  if (!ctx.db.isDivided) return;
  const accounts = await ofCompany(ctx, company).db.all(sql<{
    email_address: string;
    grant_id: string | null;
  }>`
    SELECT email_address, grant_id FROM ems_accounts WHERE company_id = ${company} AND proven_at IS NOT NULL`);
  const kept = accounts.flatMap(claimsOf);
  await ofNoCompany(ctx).db.run(sql`
    DELETE FROM ems_directory WHERE company_id = ${company} AND claimed_at < ${nowSeconds() - CLAIM_SECONDS}
      AND key NOT IN (SELECT value FROM json_each(${JSON.stringify(kept)}))`);
}
