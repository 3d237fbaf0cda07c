import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { type Ctx, find, ofNoCompany } from "../context.ts";
import { discard } from "../garbage.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { isOutage } from "../outage.ts";
import type { Push } from "../provider/changes.ts";
import { isProviderError } from "../provider/port.ts";
import { readPush } from "../providers.ts";
import { applyChange, isAboutGrant } from "./apply-change.ts";
import { type NotificationRow, reasonOf, recordNotification } from "./ledger.ts";
import { QueuedNotification } from "./notification.ts";
import { readPolled } from "./polled.ts";

/**
 * Job: applies one notification from the queue, once. It may come twice, late, and in any order.
 * @throws Error when it could not be applied; the queue brings it again
 */
export async function consumeNotification(ctx: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification().parse(body);
  const push = await load(ctx, queued);
  if (!push) throw new RangeError(`The bytes of ${queued.key} are gone`);
  const { known, account, home } = await locate(ctx, push);
  // No account has this grant, or the account was just erased: no user can ever replay it.
  if (!account) await home.db.run(discard(queued.key));
  const isFinished = known?.state === "applied" || known?.state === "ignored";
  if (isFinished && !queued.replay) return;

  const record = { push, queued, accountId: account?.id ?? null };
  const ignore = (error: string) => recordNotification(home, record, { state: "ignored", error });
  const { change } = push;
  if (change.kind === "ignored") return ignore(change.reason);
  if (!account) return ignore("No account has this grant");
  // Once a user connects it again, the sweep makes up for it.
  if (account.disconnected_by_user && !isAboutGrant(change)) {
    return ignore("This account was disconnected by a user");
  }
  let reason: string | undefined;
  try {
    const { received_at: receivedAt, replay: isReplay = false } = queued;
    const observed = { cause: push.id, observedAt: push.observed_at, receivedAt, isReplay };
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
 * else an admin may. If the ledger knows of no failure, the ledger itself was away.
 * @throws Error when that cannot be written; the queue brings it again
 */
export async function parkNotification(ctx: Ctx, body: unknown): Promise<void> {
  const queued = QueuedNotification().parse(body);
  const push = await load(ctx, queued);
  if (!push) return log("error", "notification.gone", { key: queued.key });
  const { known, account, home } = await locate(ctx, push);
  if (known?.state === "applied" || known?.state === "ignored") return;
  const record = { push, queued, accountId: account?.id ?? null };
  const cause = known?.cause_kind ?? "outage";
  await recordNotification(home, record, { state: "parked", error: known?.error ?? null, cause });
}

/**
 * @returns null when the bytes are gone: they are kept for 30 days
 * @throws ZodError when they are no notification
 */
async function load({ env }: Ctx, queued: QueuedNotification): Promise<Push | null> {
  const read = (body: unknown) => readPolled(body) ?? readPush(body, queued.received_at);
  if (queued.notification !== undefined) return read(queued.notification);
  const object = await env.ATTACHMENTS.get(queued.key);
  return object && read(await object.json());
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
  const found = await find(
    ctx,
    sql<LocatedAccount & { [Column in keyof Known]: Known[Column] | null }>`
      SELECT a.id, a.company_id, a.email_address, a.grant_id, a.disconnected_by_user,
        d.state, d.error, d.cause_kind
      FROM ems_accounts a LEFT JOIN ems_deliveries d ON d.id = ${push.id}
      WHERE a.grant_id IS NOT NULL AND a.grant_id = ${push.grant_id}`,
  );
  if (found) {
    const { state, error, cause_kind, ...account } = found.row;
    return { home: found.ctx, account, known: state === null ? undefined : { state, error, cause_kind } };
  }
  const home = ofNoCompany(ctx);
  const [known] = await home.db.all(sql<Known>`
    SELECT state, error, cause_kind FROM ems_deliveries WHERE id = ${push.id}`);
  return { known, account: undefined, home };
}
