import { sql } from "drizzle-orm";
import { log } from "../../lib/log.ts";
import { batch, type Ctx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import { applyMessage } from "../messages/ingest.ts";
import { ProviderError, type ProviderMessage } from "../provider/port.ts";
import { NylasMessage, toProviderMessage } from "../provider/wire.ts";
import { grantOf, type Notification, parseTrigger, QueuedNotification } from "./notification.ts";

interface GrantAccount {
  id: string;
  company_id: number;
  email_address: string;
  grant_id: string;
}

/**
 * Applies one notification from the queue. It may come twice, late, and in any order.
 * @throws Error when it could not be applied; the queue brings it again
 */
export async function applyNotification(ctx: Ctx, queued: unknown): Promise<void> {
  const notification = await open(ctx, QueuedNotification.parse(queued));
  if (!notification) return;
  const account = await findAccount(ctx, grantOf(notification));
  const { trigger, flags } = parseTrigger(notification.type);
  if (!account)
    return log("info", "notification.unknown_grant", { id: notification.id, type: notification.type });
  switch (trigger) {
    case "message.created":
    case "message.updated":
      return applyMessageNotification(ctx, account, notification, trigger, flags);
    case "grant.expired":
      return disconnect(ctx, account, notification, { revoked: false });
    case "grant.deleted":
      return disconnect(ctx, account, notification, { revoked: true });
    default:
      log("info", "notification.ignored", { id: notification.id, type: notification.type });
  }
}

async function open(ctx: Ctx, queued: QueuedNotification): Promise<Notification | null> {
  if ("notification" in queued) return queued.notification;
  const object = await ctx.env.ATTACHMENTS.get(queued.key);
  if (object) return object.json<Notification>();
  log("error", "notification.lost", { key: queued.key });
  return null;
}

async function findAccount({ db }: Ctx, grantId: string | undefined): Promise<GrantAccount | undefined> {
  if (!grantId) return undefined;
  const [account] = await db.all<GrantAccount>(sql`
    SELECT id, company_id, email_address, grant_id FROM ems_accounts WHERE grant_id = ${grantId}`);
  return account;
}

async function applyMessageNotification(
  ctx: Ctx,
  account: GrantAccount,
  notification: Notification,
  trigger: string,
  flags: Set<string>,
): Promise<void> {
  const told = toProviderMessage(NylasMessage.parse(notification.data.object));
  // A body that was cut, left out or turned into Markdown is no body.
  const isPartial = flags.has("truncated") || flags.has("metadata") || flags.has("cleaned");
  if (isPartial) delete told.body;
  const message = await complete(ctx, account, told, isPartial);
  if (!message) return;
  // Created and updated of the same second: updated is the later one.
  const second = notification.time ?? Math.floor(Date.now() / 1000);
  const observedAt = second * 1000 + (trigger === "message.updated" ? 1 : 0);
  await applyMessage(ctx, account, { message, observedAt, cause: notification.id });
}

/**
 * Notifications carry no headers, and so no Message-ID, and sometimes no body: the provider has both. A message
 * that is known needs neither, unless its body may have changed.
 * @returns null for a message that is not there any more and whose notification does not hold it whole
 */
async function complete(
  ctx: Ctx,
  account: GrantAccount,
  told: ProviderMessage,
  isPartial: boolean,
): Promise<ProviderMessage | null> {
  if (!isPartial && (told.internet_message_id || (await isKnown(ctx, account, told.id)))) return told;
  try {
    const whole = await ctx.provider.getMessage(account.grant_id, told.id);
    if (whole) return { ...told, ...whole };
    return isPartial ? null : told;
  } catch (error) {
    // Better a mail without its Message-ID now than none until the provider is well again.
    if (isPartial || !(error instanceof ProviderError)) throw error;
    log("warn", "message.incomplete", { id: told.id, error });
    return told;
  }
}

async function isKnown({ db }: Ctx, account: GrantAccount, providerId: string): Promise<boolean> {
  const found = await db.all(sql`
    SELECT 1 FROM ems_messages WHERE account_id = ${account.id} AND provider_message_id = ${providerId}
      AND internet_message_id IS NOT NULL`);
  return found.length > 0;
}

/** The mailbox is out of reach until its owner signs in again (expired) or it is connected anew (deleted). */
async function disconnect(
  ctx: Ctx,
  account: GrantAccount,
  notification: Notification,
  { revoked }: { revoked: boolean },
): Promise<void> {
  const stillConnected = sql`id = ${account.id} AND grant_id = ${account.grant_id} AND status <> 'disconnected'`;
  await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, NULL, 'grant.expired', NULL, NULL, id, 'grant.expired/' || ${notification.id}
      FROM ems_accounts WHERE ${stillConnected}`),
    sql`
      UPDATE ems_accounts SET status = 'disconnected', grant_id = iif(${revoked}, NULL, grant_id)
      WHERE ${stillConnected}`,
  ]);
  ring(ctx, account.company_id);
}
