import { rowOf, rowsOf } from "../platform/rows.ts";
import type { MailboxContext } from "./context.ts";
import { accountOf } from "./store/account.ts";
import { TASK_MS } from "./tasks.ts";

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long uploads, ended sends with their keys, and the log of changes are kept. */
const KEPT_MS = 30 * DAY_MS;

/** How often the bucket is listed for files that nobody knows of: a list costs as much as a thousand rows. */
const SWEEP_MS = 7 * DAY_MS;

/** A file may be there before its row. */
const GRACE_MS = DAY_MS;

/** When to clean up next: once a day. */
export function nextCleaning(ctx: MailboxContext): number | null {
  const account = rowOf<{ created_at: number }>(ctx, "SELECT created_at FROM account");
  if (!account) return null;
  return (ctx.storage.kv.get<number>("cleaned_at") ?? account.created_at) + DAY_MS;
}

/** Forgets what nobody needs any more. */
export async function runCleaning(ctx: MailboxContext): Promise<void> {
  const now = Date.now();
  // If something fails below, it is for tomorrow.
  ctx.storage.kv.put("cleaned_at", now);
  ctx.sql.exec("DELETE FROM tasks WHERE updated_at < ?", now - TASK_MS);
  ctx.sql.exec("DELETE FROM sign_ins WHERE created_at < ?", now - HOUR_MS);
  ctx.sql.exec("DELETE FROM sends WHERE created_at < ? AND due_at IS NULL", now - KEPT_MS);
  ctx.sql.exec(
    `DELETE FROM changes WHERE seq < coalesce(
       (SELECT seq FROM changes WHERE at >= ?1 ORDER BY seq LIMIT 1),
       (SELECT max(seq) FROM changes))`,
    now - KEPT_MS,
  );
  await dropUploads(ctx, now - KEPT_MS);
  if (now - (ctx.storage.kv.get<number>("swept_at") ?? 0) > SWEEP_MS) await sweep(ctx, now);
}

/** Deletes uploads, but for those of a mail or a draft that is still under way. */
async function dropUploads(ctx: MailboxContext, before: number): Promise<void> {
  const old = rowsOf<{ id: string; key: string }>(
    ctx,
    `SELECT id, key FROM uploads WHERE created_at < ?1
       AND NOT EXISTS (SELECT 1 FROM sends WHERE due_at IS NOT NULL AND instr(letter, uploads.key) > 0)
       AND NOT EXISTS (SELECT 1 FROM drafts WHERE instr(letter, uploads.key) > 0)
     LIMIT 1000`,
    before,
  );
  if (old.length === 0) return;
  await ctx.env.ATTACHMENTS.delete(old.map(({ key }) => key));
  for (const { id } of old) ctx.sql.exec("DELETE FROM uploads WHERE id = ?", id);
}

/** Deletes files of uploads and messages that have no row: it never came, or was deleted. A thousand are looked at in one go. */
async function sweep(ctx: MailboxContext, now: number): Promise<void> {
  const prefix = `mail/${accountOf(ctx).accountId}/`;
  const startAfter = ctx.storage.kv.get<string>("swept_to");
  const page = await ctx.env.ATTACHMENTS.list({ prefix, ...(startAfter ? { startAfter } : {}) });
  const lost = page.objects.filter(
    ({ key, uploaded }) => uploaded.getTime() < now - GRACE_MS && !isKnown(ctx, key, prefix),
  );
  if (lost.length > 0) await ctx.env.ATTACHMENTS.delete(lost.map(({ key }) => key));
  const last = page.truncated ? page.objects.at(-1)?.key : undefined;
  // The rest is for tomorrow.
  if (last) ctx.storage.kv.put("swept_to", last);
  else {
    ctx.storage.kv.delete("swept_to");
    ctx.storage.kv.put("swept_at", now);
  }
}

function isKnown(ctx: MailboxContext, key: string, prefix: string): boolean {
  const [first = ""] = key.slice(prefix.length).split("/");
  const row =
    first === "uploads"
      ? rowOf(ctx, "SELECT 1 FROM uploads WHERE key = ?", key)
      : rowOf(ctx, "SELECT 1 FROM messages WHERE id = ?", first);
  return row !== undefined;
}
