import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { noteCompanies } from "../../platform/work.ts";
import { type Ctx, ofNoCompany } from "../context.ts";
import { ofGrant } from "../directory.ts";
import { discard } from "../garbage.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { isOutage } from "../outage.ts";
import type { Push } from "../provider/changes.ts";
import { isProviderError } from "../provider/port.ts";
import { readPush } from "../providers.ts";
import { applyChange, isAboutGrant } from "./apply-change.ts";
import { type NotificationRow, reasonOf, recordNotification } from "./ledger.ts";
import { QueuedNotification } from "./notification.ts";
import { park } from "./park.ts";
import { readPolled } from "./polled.ts";
import { readRecalled } from "./recall.ts";

/**
 * Job: applies one notification from the queue, once. It may come twice, late, and in any order.
 * @throws Error when it could not be applied; the queue brings it again
 */
export async function consumeNotification(ctx: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification().parse(body);
  const push = await load(ctx, queued);
  if (!push) throw new RangeError(`The bytes of ${queued.key} are gone`);
  const { known, account, home } = await locate(ctx, push);
  if (!account) return ignoreUnknown(home, { push, queued, known });
  if (isFinished(known) && !queued.replay) return;

  const record = { push, queued, accountId: account.id };
  const ignore = (error: string) => recordNotification(home, record, { state: "ignored", error });
  const { change } = push;
  if (change.kind === "ignored") return ignore(change.reason);
  // Once a user connects it again, the sweep makes up for it.
  if (account.disconnected_by_user && !isAboutGrant(change)) {
    return ignore("This account was disconnected by a user");
  }
  let reason: string | undefined;
  try {
    const { received_at: receivedAt, replay: isReplay = false } = queued;
    const observed = { cause: push.cause ?? push.id, observedAt: push.observed_at, receivedAt, isReplay };
    reason = await applyChange(home, { account, change, ...observed });
  } catch (error) {
    // A provider's limit is no fault of this notification.
    const isCounted = !isProviderError(error, "rate_limited");
    const cause = isOutage(error) ? "outage" : "itself";
    const failure = { state: "received", error: reasonOf(error), cause, isCounted } as const;
    await recordNotification(home, record, failure).catch(() => {});
    throw error;
  }
  if (reason !== undefined) return ignore(reason);
  await recordNotification(home, record, { state: "applied" });
}

/**
 * Job: keeps and shows a notification that the queue has given up on. Cron replays it if an outage was the cause,
 * else an admin may. If the ledger knows of no failure, the ledger itself was away. What is for no account is ignored.
 * @throws Error when that cannot be written; the queue brings it again
 */
export async function parkNotification(ctx: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification().parse(body);
  const push = await load(ctx, queued);
  if (!push) return log("error", "notification.gone", { key: queued.key });
  const { known, account, home } = await locate(ctx, push);
  if (!account) return ignoreUnknown(home, { push, queued, known });
  // The ledger may have been away when a replay failed.
  if (isFinished(known) && !queued.replay) return;
  const record = { push, queued, accountId: account.id };
  const failure = { error: known?.error ?? null, cause: known?.cause_kind ?? "outage" } as const;
  await park(home, record, queued.bytes, failure);
}

const isFinished = (known: Known | undefined): boolean =>
  known?.state === "applied" || known?.state === "ignored";

/**
 * Ignores a notification for no account: none has this grant, or it was just erased. So no user can ever replay it,
 * and no erasure would find its bytes.
 */
async function ignoreUnknown(
  ctx: Ctx,
  { push, queued, known }: { push: Push; queued: QueuedNotification; known: Known | undefined },
): Promise<void> {
  if (queued.key) await ctx.db.run(discard(queued.key));
  if (isFinished(known) && !queued.replay) return;
  const error = "No account has this grant";
  await recordNotification(ctx, { push, queued, accountId: null }, { state: "ignored", error });
}

/**
 * @returns null when the bytes are gone: R2 keeps them for 30 days
 * @throws ZodError when they are no notification
 */
async function load(
  { env }: Ctx,
  { bytes, key = "", notification, received_at }: QueuedNotification,
): Promise<Push | null> {
  const read = (body: unknown) => readPolled(body) ?? readRecalled(body) ?? readPush(body, received_at);
  if (notification !== undefined) return read(notification);
  const stored = bytes ?? (await (await env.ATTACHMENTS.get(key))?.arrayBuffer());
  return stored ? read(JSON.parse(new TextDecoder().decode(stored))) : null;
}

type LocatedAccount = ConnectedAccount & { disconnected_by_user: number };
type Known = Pick<NotificationRow, "state" | "error" | "cause_kind">;

interface Located {
  /** What the ledger says of it. */
  known: Known | undefined;
  account: LocatedAccount | undefined;
  /** The context of the account's company. */
  home: Ctx;
}

async function locate(ctx: Ctx, push: Push): Promise<Located> {
  const company = await ofGrant(ctx, push.grant_id);
  const [found] = await company.db.all(sql<
    LocatedAccount & { [Column in keyof Known]: Known[Column] | null }
  >`
    SELECT a.id, a.company_id, a.email_address, a.grant_id, a.disconnected_by_user,
      d.state, d.error, d.cause_kind
    FROM ems_accounts a LEFT JOIN ems_deliveries d ON d.id = ${push.id}
    WHERE a.grant_id IS NOT NULL AND a.grant_id = ${push.grant_id}`);
  if (found) {
    const { state, error, cause_kind, ...account } = found;
    noteCompanies([account.company_id]);
    return { home: company, account, known: state === null ? undefined : { state, error, cause_kind } };
  }
  const home = ofNoCompany(ctx);
  const [known] = await home.db.all(sql<Known>`
    SELECT state, error, cause_kind FROM ems_deliveries WHERE id = ${push.id}`);
  return { known, account: undefined, home };
}
