import { sql } from "drizzle-orm/sql";
import { log } from "../../platform/log.ts";
import { type Ctx, find, ofNoCompany } from "../context.ts";
import { discard } from "../garbage.ts";
import { forgetFolders } from "../ingest/folders.ts";
import { isOutage } from "../outage.ts";
import { isProviderError } from "../provider/port.ts";
import { applyExpiry, applyImapSync, applyRenewal, applyRevocation } from "./changes/grant.ts";
import { applyDeletion, applyState } from "./changes/message.ts";
import {
  applyBounce,
  applyClicked,
  applyOpened,
  applySendFailure,
  applySendSuccess,
} from "./changes/outcome.ts";
import { type DeliveryRow, reasonOf, recordDelivery } from "./ledger.ts";
import {
  type Delivered,
  grantOf,
  Ignored,
  Notification,
  parseTrigger,
  QueuedNotification,
} from "./notification.ts";

/** What a folder is for is not told: the provider is asked when a mail next needs it. */
const applyFolder = async (ctx: Ctx, { account }: Delivered): Promise<void> => {
  await forgetFolders(ctx, account);
};

const nothingToDo = async (): Promise<void> => {};

/** Every trigger that the operator subscribes to. What is not here is recorded, and ignored. */
const TRIGGERS: Record<string, (ctx: Ctx, delivered: Delivered) => Promise<unknown>> = {
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
  if (!notification) throw new RangeError(`The bytes of ${queued.key} are gone`);
  const { known, account, ctx } = await locate(anywhere, notification);
  // Mail of nobody's, or of an account that has just been erased: nobody can ever replay it.
  if (!account) await ctx.db.run(discard(queued.key));
  const isFinished = known?.state === "applied" || known?.state === "ignored";
  if (isFinished && !queued.replay) return;

  const record = { queued, notification, accountId: account?.id ?? null };
  const ignore = (error: string) => recordDelivery(ctx, record, { state: "ignored", error });
  const { trigger, flags } = parseTrigger(notification.type);
  const apply = TRIGGERS[trigger];
  if (!apply) return ignore("There is nothing to do for this trigger");
  if (!account) return ignore("No account has this grant");
  // When they connect it again the sweep makes up for it. What becomes of the grant itself is true all the same.
  if (account.disconnected_by_user && !trigger.startsWith("grant.")) {
    return ignore("This account was disconnected by a user");
  }
  let outcome: unknown;
  try {
    const { received_at: receivedAt, replay: isReplay = false } = queued;
    outcome = await apply(ctx, { account, notification, flags, receivedAt, isReplay });
  } catch (error) {
    // A limit of the provider's is no fault of this notification.
    const isCounted = !isProviderError(error, "rate_limited");
    const cause = isOutage(error) ? "outage" : "itself";
    const failure = { state: "received", error: reasonOf(error), cause, isCounted } as const;
    await recordDelivery(ctx, record, failure).catch(() => {});
    throw error;
  }
  if (outcome instanceof Ignored) return ignore(outcome.reason);
  await recordDelivery(ctx, record, { state: "applied" });
}

/**
 * What the queue has given up on: kept and shown, and replayed by cron if an outage was the cause, or else by an
 * admin. Where the ledger does not know of its failures, the ledger itself was away.
 * @throws Error when that cannot be written; the queue brings it again
 */
export async function parkNotification(anywhere: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification.parse(body);
  const notification = queued.notification ?? (await load(anywhere, queued.key));
  if (!notification) return log("error", "notification.gone", { key: queued.key });
  const { known, account, ctx } = await locate(anywhere, notification);
  if (known?.state === "applied" || known?.state === "ignored") return;
  const record = { queued, notification, accountId: account?.id ?? null };
  const cause = known?.cause_kind ?? "outage";
  await recordDelivery(ctx, record, { state: "parked", error: known?.error ?? null, cause });
}

/** @returns null when the bytes are gone: they are kept for 30 days */
async function load({ env }: Ctx, key: string): Promise<Notification | null> {
  const object = await env.ATTACHMENTS.get(key);
  return object && Notification.parse(await object.json());
}

type LocatedAccount = Delivered["account"] & { disconnected_by_user: number };
type Known = Pick<DeliveryRow, "state" | "error" | "cause_kind">;

interface Located {
  /** What the ledger says of it. */
  known: Known | undefined;
  account: LocatedAccount | undefined;
  /** Of the account's company. */
  ctx: Ctx;
}

async function locate(anywhere: Ctx, notification: Notification): Promise<Located> {
  const found = await find(
    anywhere,
    sql<LocatedAccount & { [Column in keyof Known]: Known[Column] | null }>`
      SELECT a.id, a.company_id, a.email_address, a.grant_id, a.disconnected_by_user,
        d.state, d.error, d.cause_kind
      FROM ems_accounts a LEFT JOIN ems_deliveries d ON d.id = ${notification.id}
      WHERE a.grant_id IS NOT NULL AND a.grant_id = ${grantOf(notification)}`,
  );
  if (found) {
    const { state, error, cause_kind, ...account } = found.row;
    return { ctx: found.ctx, account, known: state === null ? undefined : { state, error, cause_kind } };
  }
  const ctx = ofNoCompany(anywhere);
  const [known] = await ctx.db.all(sql<Known>`
    SELECT state, error, cause_kind FROM ems_deliveries WHERE id = ${notification.id}`);
  return { known, account: undefined, ctx };
}
