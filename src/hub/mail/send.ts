import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import { compose } from "./compose.ts";
import { openMail } from "./outbox.ts";
import { findPort, MailFailure, type MailPort } from "./port.ts";
import { textOf } from "./texts.ts";

const DAY = 24 * 3600_000;

/**
 * Waits after a try begins, in seconds: one minute, doubled each time, at most an hour. A way of sending must take less than
 * the first, otherwise a second try overlaps.
 */
const FIRST_WAIT = 60;
const LONGEST_WAIT = 3600;

/** Tries after which a mail is not repeated that may have been sent. Each could be one more copy. */
const MOST_COPIES = 3;

/** Mails of one step of cron. */
const STEP = 20;

/** A mail of this age is given up, in milliseconds. */
const LIFE = DAY;
/** A row of this age is removed, in milliseconds. */
const KEPT = 7 * DAY;

/**
 * Job: sends a mail that is due, and wipes it. If it fails, the mail becomes due later, and a job is enqueued for then.
 * What is refused for good is wiped, too. A mail is sent again only if the server's answer was lost, or the process ended
 * between sending and wiping; all copies have one Message-ID.
 */
export async function sendMail(ctx: Ctx, { id }: { id: string }): Promise<void> {
  const port = findPort(ctx);
  if (port) await trySending(ctx, port, id);
}

/** Cron: tries mails again that are due. @returns how many were due; 0 without a way to send them, which is logged */
export async function repeatMails(ctx: Ctx): Promise<number> {
  const now = Date.now();
  const due = await ctx.db.all(sql<{ id: string }>`
    SELECT id FROM hub_mails WHERE due_at <= ${now} ORDER BY due_at LIMIT ${STEP}`);
  if (due.length === 0) return 0;
  const port = findPort(ctx);
  if (!port) {
    log("error", "hub.mail_unsent", { reason: "no HUB_SMTP_URL and no binding EMAIL" });
    return 0;
  }
  await Promise.all(due.map(({ id }) => trySending(ctx, port, id)));
  return due.length;
}

/** Cron: gives up mails that could not be sent for a day. @returns how many */
export async function giveUpMails({ db }: Ctx): Promise<number> {
  const given = await db.all(sql`
    UPDATE hub_mails SET sealed = NULL, due_at = NULL WHERE id IN (
      SELECT id FROM hub_mails WHERE due_at > 0 AND +created_at < ${Date.now() - LIFE} LIMIT 500)
    RETURNING id`);
  if (given.length) log("error", "hub.mail_given_up", { size: given.length });
  return given.length;
}

/** Cron: removes old rows. @returns how many */
export async function removeOldMails({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM hub_mails WHERE id IN (
      SELECT id FROM hub_mails WHERE created_at < ${Date.now() - KEPT} ORDER BY created_at LIMIT 500) RETURNING id`);
  return removed.length;
}

type Claimed = { sealed: string; attempts: number; due_at: number; created_at: number };

async function trySending(ctx: Ctx, port: MailPort, id: string): Promise<void> {
  const claimed = await claim(ctx, id);
  if (!claimed) return;
  const { attempts, due_at } = claimed;
  try {
    await port(await composeRow(ctx, id, claimed));
  } catch (error) {
    if (isLast(error, attempts)) {
      log("error", "hub.mail_given_up", { message: id, attempts, error });
      return wipe(ctx, id);
    }
    log("warn", "hub.mail_failed", { message: id, attempts, error });
    const wait = Math.ceil((due_at - Date.now()) / 1000) + 1;
    await enqueueJob(ctx, { type: "mail", id }, wait).catch(() => {});
    return;
  }
  await wipe(ctx, id);
}

const isLast = (error: unknown, attempts: number): boolean =>
  error instanceof MailFailure && (error.kind === "refused" || attempts >= MOST_COPIES);

async function wipe({ db }: Ctx, id: string): Promise<void> {
  await db.run(sql`UPDATE hub_mails SET sealed = NULL, due_at = NULL WHERE id = ${id}`);
}

/** Makes the mail due later before it is sent: so no two jobs send it, and cron repeats it if this one does not end. */
async function claim({ db }: Ctx, id: string): Promise<Claimed | undefined> {
  const now = Date.now();
  const [claimed] = await db.all(sql<Claimed>`
    UPDATE hub_mails SET
      attempts = attempts + 1,
      due_at = ${now} + 1000 * min(${FIRST_WAIT} << min(attempts, 10), ${LONGEST_WAIT})
    WHERE id = ${id} AND due_at <= ${now} AND created_at > ${now - LIFE}
    RETURNING sealed, attempts, due_at, created_at`);
  return claimed;
}

async function composeRow(ctx: Ctx, id: string, { sealed, created_at }: Claimed) {
  const { to, language, kind, values } = await openMail(ctx, id, sealed);
  const value = values.link ?? values.code ?? "";
  const text = textOf(kind, language);
  return compose({ id, from: ctx.config.HUB_MAIL_FROM, to, language, text, value, date: created_at });
}
