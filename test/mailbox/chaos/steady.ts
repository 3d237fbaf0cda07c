import type { Owner, Refusal } from "../../../src/mailbox/contract.ts";
import { rowsOf } from "../../../src/platform/rows.ts";
import { waitFor } from "../../support/wait.ts";
import { newOwner } from "../support/mailbox.ts";
import { insideOf } from "../support/quiet.ts";
import { apiOf } from "../support/sending.ts";
import type { MailServer } from "../support/server.ts";

// Calls of a mailbox whose Durable Object may die at any of them: whoever calls asks again.

/** Opens an account that syncs when it is asked to. */
export async function openSteady(server: MailServer): Promise<Owner> {
  const owner = newOwner();
  const settings = server.settings({ syncInterval: 86_400 });
  await answered(() => apiOf(owner).configure(owner, settings, { password: server.password }));
  return owner;
}

/** Calls until there is an answer. @throws Error for a refusal */
export async function answered<Answer extends object>(
  call: () => Promise<({ ok: true } & Answer) | Refusal>,
): Promise<{ ok: true } & Answer> {
  const answer = await waitFor(async () => call(), 5);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer;
}

const steadily = <T>(owner: Owner, work: Parameters<typeof insideOf<T>>[1]): Promise<T> =>
  waitFor(() => insideOf(owner, work), 5);

/** Lets all that is planned for later happen now. */
export const hurry = (owner: Owner): Promise<void> =>
  steadily(owner, async ({ sql, storage }) => {
    const now = Date.now();
    for (const table of ["sends", "drafts", "ops"])
      sql.exec(`UPDATE ${table} SET due_at = ? WHERE due_at IS NOT NULL`, now);
    sql.exec("UPDATE account SET next_sync_at = ?", now);
    await storage.setAlarm(now);
  });

/** Waits until nothing is left to do, and the server has been looked at once more. @throws Error with what is left */
export const settled = (owner: Owner): Promise<void> =>
  waitFor(async () => {
    const left = await insideOf(owner, (ctx) => [
      // A change of a message that no folder has ends when that is deleted: in an interval, which no test waits for.
      ...rowsOf(
        ctx,
        `SELECT ops.*, missing_since FROM ops LEFT JOIN messages m ON m.id = ops.message_id WHERE missing_since IS NULL`,
      ),
      ...rowsOf(ctx, "SELECT id, phase, reply, attempts, due_at FROM sends WHERE due_at IS NOT NULL"),
      ...rowsOf(ctx, "SELECT * FROM tasks WHERE status NOT IN ('success', 'failure')"),
      ...rowsOf(ctx, "SELECT failures, state FROM account WHERE failures > 0"),
    ]);
    if (left.length === 0) return;
    await hurry(owner);
    throw new Error(`This is left to do: ${JSON.stringify(left)}`);
  }, 300);

/** All messages of the mailbox that some folder has. */
export const messagesOf = (owner: Owner): Promise<{ id: string; letter: string }[]> =>
  steadily(owner, (ctx) =>
    rowsOf<{ id: string; letter: string }>(
      ctx,
      `SELECT id, internet_message_id AS letter FROM messages
       WHERE EXISTS (SELECT 1 FROM places WHERE message_id = messages.id) ORDER BY id`,
    ),
  );
