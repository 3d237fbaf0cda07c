import { sql } from "drizzle-orm";
import { batch, type Ctx, ofCompany, ofNoCompany } from "../context.ts";
import { forgetFolders } from "../messages/folders.ts";
import { ProviderError } from "../provider/port.ts";
import { type DeliveryRow, recordDelivery } from "./deliveries.ts";
import { applyExpiry, applyImapSync, applyRenewal, applyRevocation } from "./grant-triggers.ts";
import { applyDeletion, applyState } from "./message-triggers.ts";
import { type Delivered, grantOf, Notification, parseTrigger, QueuedNotification } from "./notification.ts";
import {
  applyBounce,
  applyClicked,
  applyOpened,
  applySendFailure,
  applySendSuccess,
} from "./outcome-triggers.ts";

/** What a folder is for is not told: the provider is asked when a mail next needs it. */
const applyFolder = async (ctx: Ctx, { account }: Delivered): Promise<void> => {
  await forgetFolders(ctx, account);
};

const nothingToDo = async (): Promise<void> => {};

/** Every trigger that the operator subscribes to. What is not here is recorded, and ignored. */
const TRIGGERS: Record<string, (ctx: Ctx, delivered: Delivered) => Promise<void>> = {
  "message.created": applyState,
  "message.updated": applyState,
  "message.deleted": applyDeletion,
  "message.send_success": applySendSuccess,
  "message.send_failed": applySendFailure,
  "message.bounce_detected": applyBounce,
  "message.opened": applyOpened,
  "message.link_clicked": applyClicked,
  // The reply itself comes as message.created.
  "thread.replied": nothingToDo,
  "grant.created": nothingToDo,
  "grant.updated": applyRenewal,
  "grant.expired": applyExpiry,
  "grant.deleted": applyRevocation,
  "grant.imap_sync_completed": applyImapSync,
  "folder.created": applyFolder,
  "folder.updated": applyFolder,
  "folder.deleted": applyFolder,
};

/**
 * Applies one notification from the queue, once: it may come twice, late, and in any order.
 * @throws Error when it could not be applied; the queue brings it again
 */
export async function consumeNotification(anywhere: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification.parse(body);
  const notification = queued.notification ?? (await load(anywhere, queued.key));
  const { known, account, ctx } = await locate(anywhere, notification);
  const isFinished = known?.state === "applied" || known?.state === "ignored";
  if (isFinished && !queued.replay) return;

  const record = { queued, notification, accountId: account?.id ?? null };
  const { trigger, flags } = parseTrigger(notification.type);
  const apply = TRIGGERS[trigger];
  if (!apply) return recordDelivery(ctx, record, "ignored", "There is nothing to do for this trigger");
  if (!account) return recordDelivery(ctx, record, "ignored", "No account has this grant");
  try {
    await apply(ctx, { account, notification, flags, receivedAt: queued.received_at });
  } catch (error) {
    // A limit of the provider's is no fault of this notification.
    const isCounted = !(error instanceof ProviderError && error.fault === "rate_limited");
    await recordDelivery(ctx, record, "received", reasonOf(error), isCounted).catch(() => {});
    throw error;
  }
  await recordDelivery(ctx, record, "applied", null);
}

/** What the queue has given up on: kept and shown, until somebody replays it. */
export async function parkNotification(anywhere: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification.parse(body);
  const notification = queued.notification ?? (await load(anywhere, queued.key));
  const { known, account, ctx } = await locate(anywhere, notification);
  const record = { queued, notification, accountId: account?.id ?? null };
  if (known?.state !== "applied") await recordDelivery(ctx, record, "parked", known?.error ?? null, false);
}

async function load({ env }: Ctx, key: string): Promise<Notification> {
  const object = await env.ATTACHMENTS.get(key);
  if (!object) throw new Error(`The bytes of ${key} are gone`);
  return Notification.parse(await object.json());
}

interface Located {
  /** What the ledger says of it. */
  known: DeliveryRow | undefined;
  account: Delivered["account"] | undefined;
  /** Of the account's company. */
  ctx: Ctx;
}

async function locate(anywhere: Ctx, notification: Notification): Promise<Located> {
  const [deliveries, accounts] = await batch(anywhere, [
    sql`SELECT * FROM ems_deliveries WHERE id = ${notification.id}`,
    sql`
      SELECT id, company_id, email_address, grant_id FROM ems_accounts
      WHERE grant_id IS NOT NULL AND grant_id = ${grantOf(notification)}`,
  ]);
  const [account] = accounts as Delivered["account"][];
  const ctx = account ? ofCompany(anywhere, account.company_id) : ofNoCompany(anywhere);
  return { known: (deliveries as DeliveryRow[])[0], account, ctx };
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\nparams:")[0]?.slice(0, 500) ?? "";
