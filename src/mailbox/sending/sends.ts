import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { RefusedRecipient } from "../smtp/dialogue.ts";
import type { Letter } from "./letter.ts";

/**
 * How far a mail is. Until `dot` nothing was sent. From `dot` on the server may have it, so that it is never sent again.
 * `accepted` and `filed` are sent; `refused` is not; of `unknown` nobody can say.
 */
export type Phase = "composed" | "data" | "dot" | "accepted" | "filed" | "refused" | "unknown";

/** A mail in the journal. Times are in milliseconds since the epoch. */
export interface Send {
  /** Of its task. */
  id: string;
  digest: string;
  messageId: string;
  letter: Letter;
  phase: Phase;
  reply: string | null;
  refused: RefusedRecipient[];
  /** In this phase. */
  attempts: number;
  createdAt: number;
}

type SendRow = {
  id: string;
  digest: string;
  message_id: string;
  letter: string;
  phase: Phase;
  reply: string | null;
  refused: string;
  attempts: number;
  created_at: number;
};

const COLUMNS = "id, digest, message_id, letter, phase, reply, refused, attempts, created_at";

const toSend = (row: SendRow): Send => ({
  id: row.id,
  digest: row.digest,
  messageId: row.message_id,
  letter: JSON.parse(row.letter),
  phase: row.phase,
  reply: row.reply,
  refused: JSON.parse(row.refused),
  attempts: row.attempts,
  createdAt: row.created_at,
});

/** The mail that was accepted under a key. */
export function sendByKey(ctx: MailboxContext, key: string): Send | undefined {
  const row = rowOf<SendRow>(ctx, `SELECT ${COLUMNS} FROM sends WHERE key = ?`, key);
  return row && toSend(row);
}

/** The mail that has been due for longest. */
export function dueSend(ctx: MailboxContext): Send | undefined {
  const row = rowOf<SendRow>(
    ctx,
    `SELECT ${COLUMNS} FROM sends WHERE due_at <= ? ORDER BY due_at LIMIT 1`,
    Date.now(),
  );
  return row && toSend(row);
}

export const phaseOf = (ctx: MailboxContext, id: string): Phase | undefined =>
  rowOf<{ phase: Phase }>(ctx, "SELECT phase FROM sends WHERE id = ?", id)?.phase;

/** What changes of a mail with a step. Without `dueAt` it stays due; null ends the work on it. */
export interface Step {
  phase: Phase;
  attempts: number;
  dueAt?: number | null;
  reply?: string;
  refused?: RefusedRecipient[];
}

export function noteStep(ctx: MailboxContext, id: string, step: Step): void {
  const { phase, attempts, dueAt, reply, refused } = step;
  ctx.sql.exec(
    `UPDATE sends SET phase = ?1, attempts = ?2, due_at = iif(?3, ?4, due_at), reply = coalesce(?5, reply),
       refused = coalesce(?6, refused), updated_at = ?7 WHERE id = ?8`,
    ...[phase, attempts, Number(dueAt !== undefined), dueAt ?? null, reply ?? null],
    ...[refused ? JSON.stringify(refused) : null, Date.now(), id],
  );
}
