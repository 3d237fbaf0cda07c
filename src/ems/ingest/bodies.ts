import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { overflow } from "../garbage.ts";
import type { messages } from "../schema/mail.ts";

/** Either half may be null. */
export type Body = Pick<RowOf<typeof messages>, "body_html" | "body_text">;

/** The columns of a body: in the row, or the key of an R2 object. */
export type BodyColumns = Pick<RowOf<typeof messages>, "body_html" | "body_text" | "body_key">;

/**
 * Stores a body. A large one is in R2 before this returns, so before the row refers to it. Each call uses a new
 * key, so deleting one row's object never breaks another row.
 * @returns the body columns of the row
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

/** Reads the body of a message from its row or from R2. A lost object is logged and read as empty. */
export async function loadBody({ env }: Ctx, columns: BodyColumns): Promise<Body> {
  if (columns.body_key === null) return columns;
  const object = await env.ATTACHMENTS.get(columns.body_key);
  if (object) return await object.json<Body>();
  log("error", "body.missing", { key: columns.body_key });
  return { body_html: null, body_text: null };
}
