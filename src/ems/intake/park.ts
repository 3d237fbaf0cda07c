import { uuidv7 } from "../../lib/ids.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { announce, refer } from "../garbage.ts";
import { type Outcome, type Recorded, recordNotification, toLedger } from "./ledger.ts";
import { notificationKey } from "./receive.ts";

/**
 * Parks a notification: stores its bytes, then says so in the ledger. Repeating it is safe: an object that the ledger
 * does not refer to is deleted after a day.
 * @param bytes not stored again if the queue's message or the ledger has a key
 * @throws Error when R2 or the ledger fails; then it is not parked
 */
export async function park(
  ctx: Ctx,
  recorded: Recorded,
  bytes: Uint8Array | undefined,
  failure: Pick<Outcome, "error" | "cause">,
): Promise<void> {
  const { push, queued } = recorded;
  const outcome = { state: "parked", ...failure } as const;
  const [known] = await ctx.db.all(
    sql<{ key: string }>`SELECT key FROM ems_deliveries WHERE id = ${push.id}`,
  );
  if (queued.key || known?.key || !bytes) return recordNotification(ctx, recorded, outcome);
  const key = notificationKey(queued.received_at, uuidv7());
  await ctx.db.run(announce(key));
  await ctx.env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  await batch(ctx, [
    toLedger({ ...recorded, queued: { ...queued, key } }, outcome),
    refer(key, sql`EXISTS (SELECT 1 FROM ems_deliveries WHERE id = ${push.id} AND key = ${key})`),
  ]);
}
