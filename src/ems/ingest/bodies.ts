import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { overflow } from "../garbage.ts";
import type { messages } from "../schema/mail.ts";

export type Body = Pick<RowOf<typeof messages>, "body_html" | "body_text">;

/** Where a body lies: in the row, or in R2 under a key. */
export type BodyColumns = Pick<RowOf<typeof messages>, "body_html" | "body_text" | "body_key">;

/**
 * Puts a body where it belongs. A large one is in R2 when this returns, before the row that refers to it. Each time
 * it is another object, so that what one row lets go of is never what another has just begun to refer to.
 */
export async function storeBody(
  ctx: Ctx,
  { company_id, id }: { company_id: number; id: string },
  body: Body,
): Promise<BodyColumns> {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const keyOf = () => `bodies/${company_id}/${id}/${crypto.randomUUID()}.json`;
  const body_key = await overflow(ctx, company_id, bytes, keyOf);
  return body_key === null ? { ...body, body_key } : { body_html: null, body_text: null, body_key };
}

/** The whole body of a message, wherever it lies. */
export async function loadBody({ env }: Ctx, columns: BodyColumns): Promise<Body> {
  if (columns.body_key === null) return columns;
  const object = await env.ATTACHMENTS.get(columns.body_key);
  if (object) return await object.json<Body>();
  log("error", "body.missing", { key: columns.body_key });
  return { body_html: null, body_text: null };
}
