import { notFound } from "../../lib/errors.ts";
import { nowSeconds } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { cleanDirectory, ofGrant } from "../directory.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { collectGarbage } from "../garbage.ts";
import { enqueueJob, enqueueJobs } from "../jobs.ts";
import { isProviderError } from "../provider/port.ts";
import { checkRole } from "../user.ts";
import { type Erasure, eraseBatch } from "./batches.ts";

// An erased account disappears from lists at once. Jobs then delete its mail in batches. A request or job that
// started earlier may still write rows, so an erasure ends an hour later, once nothing is left.

/** What a job erases. An empty account id means the company's own rows. */
interface EraseJob {
  company_id: number;
  account_id: string;
}

/** Longer than a request, a job or an attempt to send can take. */
const SETTLING_SECONDS = 3600;
/** How long a job may take before cron enqueues another. */
const LEASE_SECONDS = 600;
/** Batches per job. */
const ROUNDS = 20;
const ERASURES_PER_RUN = 1000;

/**
 * Erases an account with all its mail, for good. Repeating it changes nothing.
 * @throws ServiceError forbidden unless the caller is an admin; not_found
 */
export async function eraseAccount(ctx: UserCtx, id: string): Promise<void> {
  checkRole(ctx.user, "admin");
  const [found] = await ctx.db.all(sql<{ company_id: number }>`
    SELECT company_id FROM ems_accounts WHERE id = ${id} AND +company_id ${inCompanies(ctx)}
    UNION ALL SELECT company_id FROM ems_erasures WHERE account_id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!found) throw notFound("Email account");
  const { company_id } = found;
  await startErasure(
    ofCompany(ctx, company_id),
    { company_id, account_id: id },
    sql`id = ${id} AND +company_id = ${company_id}`,
  );
}

/**
 * Erases everything of a company, for good: accounts with their mail, name, users, uploads and events. Other rows of
 * its users expire: tickets in a minute, Idempotency-Key responses in 24 hours. Repeating it changes nothing.
 * @throws ServiceError forbidden unless the caller is an admin; not_found for a company outside the token
 */
export async function eraseCompany(ctx: UserCtx, id: number): Promise<void> {
  checkRole(ctx.user, "admin");
  if (!ctx.user.companies.includes(id)) throw notFound("Company");
  await startErasure(ofCompany(ctx, id), { company_id: id, account_id: "" }, sql`company_id = ${id}`);
}

/** @param condition selects the accounts to erase */
async function startErasure(ctx: UserCtx, job: EraseJob, condition: SQL): Promise<void> {
  const { company_id, account_id } = job;
  const now = nowSeconds();
  const accounts = await ctx.db.all(sql<{ id: string }>`SELECT id FROM ems_accounts WHERE ${condition}`);
  const isCompany = account_id === "";
  await batch(ctx, [
    // An event without an account id makes clients reload their account list. The erasure deletes it at its end.
    appendEvents(sql`
      SELECT ${company_id}, NULL, 'account.updated', NULL, NULL, NULL, ${`${causeOf(job)}/${now}`}
      WHERE ${isCompany} OR EXISTS (SELECT 1 FROM ems_accounts WHERE ${condition})`),
    sql`
      INSERT INTO ems_erasures (company_id, account_id, grant_id, started_at, due_at)
      SELECT company_id, id, grant_id, ${now}, ${now} FROM ems_accounts WHERE ${condition} ON CONFLICT DO NOTHING`,
    sql`DELETE FROM ems_accounts WHERE ${condition}`,
    ...(isCompany
      ? [
          sql`
            INSERT INTO ems_erasures (company_id, account_id, started_at, due_at)
            VALUES (${company_id}, '', ${now}, ${now})
            ON CONFLICT DO UPDATE SET started_at = excluded.started_at, due_at = excluded.due_at, events_until = 0`,
          sql`DELETE FROM companies WHERE id = ${company_id}`,
        ]
      : []),
  ]);
  notifyHub(ctx, company_id);
  const jobs = accounts.map(({ id }) => ({ company_id, account_id: id }));
  const bodies = (isCompany ? [...jobs, job] : [job]).map((each) => ({
    body: { type: "erase" as const, ...each },
  }));
  // If the queue fails, cron enqueues them.
  await enqueueJobs(ctx, bodies).catch((error) => log("warn", "erasure.not_enqueued", { error }));
}

const causeOf = ({ company_id, account_id }: EraseJob): string => `erased/${company_id}/${account_id}`;

/** Cron: enqueues erasures that are due: their job was lost, or their hour is over. */
export async function enqueueErasures(ctx: Ctx): Promise<void> {
  const due = await ctx.db.all(sql<EraseJob>`
    SELECT company_id, account_id FROM ems_erasures WHERE due_at <= ${nowSeconds()}
    ORDER BY due_at LIMIT ${ERASURES_PER_RUN}`);
  await enqueueJobs(
    ctx,
    due.map((job) => ({ body: { type: "erase" as const, ...job } })),
  );
}

/**
 * Job: erases up to 20 batches, and enqueues another job if more is left. Duplicate runs are harmless.
 * @throws Error when a binding fails; the queue tries again
 */
export async function erase(ctx: Ctx, { company_id, account_id }: EraseJob): Promise<void> {
  const companyCtx = ofCompany(ctx, company_id);
  const matches = sql`company_id = ${company_id} AND account_id = ${account_id}`;
  const [leased] = await companyCtx.db.all(sql<Erasure>`
    UPDATE ems_erasures SET due_at = ${nowSeconds() + LEASE_SECONDS} WHERE ${matches} RETURNING *`);
  if (!leased) return;
  let erasure = await revoke(companyCtx, leased);
  for (let round = 0; round < ROUNDS; round++) {
    const next = await eraseBatch(companyCtx, erasure);
    if (next === "waits") return; // cron resumes it
    if (next === "empty") return finishErasure(companyCtx, erasure);
    erasure = next;
  }
  await enqueueJob(companyCtx, { type: "erase", company_id, account_id });
}

/** Revokes the grant unless another account uses it. After a failure cron tries again. */
async function revoke(ctx: Ctx, erasure: Erasure): Promise<Erasure> {
  const { company_id, account_id, grant_id } = erasure;
  if (grant_id === null) return erasure;
  const { db } = await ofGrant(ctx, grant_id);
  const holders = await db.all(sql`SELECT 1 FROM ems_accounts WHERE grant_id = ${grant_id}`);
  try {
    if (!holders.length) await ctx.providerOf({ grant_id }).revokeGrant(grant_id);
  } catch (error) {
    if (!isProviderError(error)) throw error;
    log("warn", "erasure.grant_not_revoked", { account: account_id, error });
    return erasure;
  }
  await ctx.db.run(sql`
    UPDATE ems_erasures SET grant_id = NULL WHERE company_id = ${company_id} AND account_id = ${account_id}`);
  return { ...erasure, grant_id: null };
}

/** Deletes the last objects. Ends the erasure once no earlier request can still write. */
async function finishErasure(ctx: Ctx, erasure: Erasure): Promise<void> {
  const { company_id, account_id, grant_id, started_at } = erasure;
  for (let round = 0; round < ROUNDS && (await collectGarbage(ctx)) > 0; round++);
  if (grant_id !== null || nowSeconds() < started_at + SETTLING_SECONDS) return;
  await cleanDirectory(ctx, company_id);
  const isOver = sql`company_id = ${company_id} AND account_id = ${account_id} AND started_at = ${started_at}`;
  await batch(ctx, [
    // "0" is the character after "/".
    sql`
      DELETE FROM ems_events WHERE cause > ${`${causeOf(erasure)}/`} AND cause < ${`${causeOf(erasure)}0`}
        AND EXISTS (SELECT 1 FROM ems_erasures WHERE ${isOver})`,
    sql`DELETE FROM ems_erasures WHERE ${isOver}`,
  ]);
}
