import { sha256Hex } from "../../lib/hmac.ts";
import { log } from "../../lib/log.ts";
import type { Ctx } from "../context.ts";
import { overflow } from "../overflow.ts";

export interface Body {
  body_html: string | null;
  body_text: string | null;
}

/** Where a body lies: in the row, or in R2 under a key. */
export interface BodyColumns extends Body {
  body_key: string | null;
}

/**
 * Puts a body where it belongs. A large one is in R2 when this returns, before the row that refers to it.
 * @param owner what makes the key unique: `company/account/provider message`
 */
export async function storeBody(ctx: Ctx, owner: string[], body: Body): Promise<BodyColumns> {
  const json = JSON.stringify(body);
  // Named after its content: a repetition writes the same bytes again, and no version overwrites another.
  const keyOf = async () => `bodies/${owner.map(encodeURIComponent).join("/")}/${await sha256Hex(json)}.json`;
  const body_key = await overflow(ctx, new TextEncoder().encode(json), keyOf);
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
