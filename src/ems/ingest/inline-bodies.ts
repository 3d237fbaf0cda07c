import { startAll } from "../../lib/concurrency.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { announce } from "../garbage.ts";
import { AT_ONCE, type Body, createBodyKey, INLINE_BYTES, putBody } from "./bodies.ts";

/** Messages to look at, and bodies to move, per round. */
const PAGE = 1000;
const AT_A_TIME = 25;
/** At most 500 bodies per cron run: 72,000 a day. */
const ROUNDS = 20;
/** Greater than every id: nothing is left to look at. */
const END = "~";

type Inline = Body & { id: string; company_id: number };

/**
 * Cron: moves bodies that earlier versions stored in rows to R2, in the order of ids. It continues where the last run
 * ended. After the last message it only reads one row.
 * @param ctx of one part of the database
 */
export async function moveInlineBodies(ctx: Ctx): Promise<void> {
  const [row] = await ctx.db.all(
    sql<{ checked_until: string }>`SELECT checked_until FROM ems_inline_bodies WHERE id = 1`,
  );
  let after = row?.checked_until ?? "";
  for (let round = 0; round < ROUNDS && after < END; round++) after = await moveNext(ctx, after);
}

/** Moves the next bodies. @returns the last message that was looked at, or END */
async function moveNext(ctx: Ctx, after: string): Promise<string> {
  const [page] = await ctx.db.all(sql<{ last: string | null }>`
    SELECT max(id) AS last FROM (SELECT id FROM ems_messages WHERE id > ${after} ORDER BY id LIMIT ${PAGE})`);
  const last = page?.last ?? END;
  const rows = await ctx.db.all(sql<Inline>`
    SELECT id, company_id, body_html, body_text FROM ems_messages WHERE id > ${after} AND id <= ${last}
      AND coalesce(octet_length(body_html), 0) + coalesce(octet_length(body_text), 0) > ${INLINE_BYTES}
    ORDER BY id LIMIT ${AT_A_TIME}`);
  const moves = rows.map((row) => ({ ...row, key: createBodyKey(row.company_id) }));
  const announced = moves.map(({ key }) => announce(key));
  await batch(ctx, announced);
  const puts = moves.map((move) => () => putBody(ctx, move.key, move));
  await Promise.all(startAll(puts, AT_ONCE));
  const checked = rows[AT_A_TIME - 1]?.id ?? last;
  await batch(ctx, [
    ...moves.map(referToObject),
    sql`
      INSERT INTO ems_inline_bodies (id, checked_until) VALUES (1, ${checked})
      ON CONFLICT (id) DO UPDATE SET checked_until = max(checked_until, excluded.checked_until)`,
  ]);
  return checked;
}

/** Race: the message may have got a new body. Then the row keeps that, and the object is garbage. */
const referToObject = ({ id, company_id, key, body_html, body_text }: Inline & { key: string }): SQL => sql`
  UPDATE ems_messages SET body_key = ${key}, body_html = NULL, body_text = NULL
  WHERE id = ${id} AND +company_id = ${company_id} AND body_key IS NULL AND body_html IS ${body_html} AND body_text IS ${body_text}`;
